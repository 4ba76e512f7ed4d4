"""What is asked about a file, and what the child that looks into it answers."""

import enum
from dataclasses import dataclass


class Reason(enum.StrEnum):
    """Why a file is no media."""

    EMPTY = "empty"
    PAGE = "page"  # HTML, XML or JSON: most often an error page
    PLAYLIST = "playlist"
    UNKNOWN = "unknown"
    DAMAGED = "damaged"
    NO_STREAM = "no_stream"
    NO_DURATION = "no_duration"
    OTHER_PICTURE = "other_picture"  # GIF, HEIC, SVG and others that are not taken
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_SMALL = "too_small"
    ANIMATED = "animated"


class Errand(enum.StrEnum):
    """What a child is to do with its file."""

    LOOK = "look"
    PICTURE = "picture"
    FIRST_FRAME = "first"
    LAST_FRAME = "last"


class NotMedia(Exception):
    """The file is not a video, an image or a sound that can be shown."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


class Crashed(Exception):
    """The child died or ran out of time; the file may be fine: try again."""


@dataclass(frozen=True, slots=True)
class Facts:
    """A media file. ``part`` is video, image or audio; what it has not got is 0 or "".

    ``fps`` in frames per second, ``bytes`` the file's size, ``placeholder`` a tiny WebP in base64.
    """

    part: str
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
class Question:
    """Which file to look into, where its pictures go, how long that may take, and what to do."""

    path: str
    outdir: str
    seconds: float
    errand: Errand = Errand.LOOK


@dataclass(frozen=True, slots=True)
class Reply:
    """What the child says: facts, or why there are none."""

    facts: Facts | None = None
    reason: Reason | None = None
    crash: str = ""
