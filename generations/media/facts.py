"""Values that the inspector process receives and returns."""

import enum
from dataclasses import dataclass


class RejectReason(enum.StrEnum):
    """Why a file is no media."""

    EMPTY = "empty"
    PAGE = "page"  # HTML, XML or JSON: most often an error page
    PLAYLIST = "playlist"
    UNKNOWN = "unknown"
    DAMAGED = "damaged"
    NO_STREAM = "no_stream"
    NO_DURATION = "no_duration"
    OTHER_PICTURE = "other_picture"  # GIF, HEIC, SVG and others that are not accepted
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_SMALL = "too_small"
    ANIMATED = "animated"


class Operation(enum.StrEnum):
    """What the inspector does with a file."""

    INSPECT = "inspect"
    PICTURE = "picture"
    FIRST_FRAME = "first"
    LAST_FRAME = "last"


class NotMedia(Exception):
    """The file is not a video, an image or a sound that can be shown."""

    def __init__(self, reason: RejectReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


class Crashed(Exception):
    """The child process died or ran out of time; the file may be fine: try again."""


@dataclass(frozen=True, slots=True)
class Facts:
    """A media file. ``media_type`` is video, image or audio; what it does not have is 0 or "".

    ``fps`` in frames per second, ``bytes`` the file's size, ``placeholder`` a tiny WebP in base64.
    """

    media_type: str
    container: str
    codec: str
    bytes: int
    width: int = 0
    height: int = 0
    fps: float = 0
    duration_ms: int = 0
    has_audio: bool = False
    placeholder: str = ""


@dataclass(frozen=True, slots=True)
class InspectorRequest:
    """Which file to read, where to write pictures, the time limit, and the operation."""

    path: str
    outdir: str
    seconds: float
    operation: Operation = Operation.INSPECT


@dataclass(frozen=True, slots=True)
class InspectorReply:
    """Facts, or why there are none."""

    facts: Facts | None = None
    reason: RejectReason | None = None
    crash: str = ""
