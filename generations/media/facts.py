"""Values that the inspector process receives and returns."""

import enum
from dataclasses import dataclass


class RejectReason(enum.StrEnum):
    """Why a file is no media, or no picture that can be used."""

    EMPTY = "empty"
    PAGE = "page"  # HTML, XML, JSON or other text: most often an error page
    PLAYLIST = "playlist"
    UNKNOWN = "unknown"
    DAMAGED = "damaged"
    NO_STREAM = "no_stream"
    OTHER_PICTURE = "other_picture"  # GIF, HEIC, SVG and others that are not accepted
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_SMALL = "too_small"
    ANIMATED = "animated"


class MediaProblem(enum.StrEnum):
    """Why facts are incomplete. The bytes may be well: another player may read them."""

    UNKNOWN = "unknown"  # no format that is known here
    CUT = "cut"  # its index names more bytes than there are
    DAMAGED = "damaged"  # it does not open, or no frame of it decodes
    NO_STREAM = "no_stream"  # nothing in it that can be decoded here
    CRASHED = "crashed"  # the child died, ran out of time or found no room
    NO_FILM = "no film"  # a picture or a sound, where a film was ordered


class Operation(enum.StrEnum):
    """What the inspector does with a file."""

    INSPECT = "inspect"
    PICTURE = "picture"
    PROXY = "proxy"
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
    """A media file. What is not known is None, or "" where it is a text.

    ``media_type`` is video, image or audio. ``container`` and ``codec`` are FFmpeg's names.
    ``suffix`` is the true file ending without its dot, ``content_type`` the true MIME type.
    ``width`` and ``height`` are pixels as displayed: turned upright, with square pixels.
    ``has_audio`` is None also for a sound that cannot be decoded here. ``plays_in_browsers`` says
    whether today's browsers play or show the file as it is. ``fps`` is in frames per second,
    ``bytes`` the file's size, ``placeholder`` a tiny WebP in base64.
    """

    media_type: str | None
    container: str
    codec: str
    bytes: int
    suffix: str = "bin"
    content_type: str = "application/octet-stream"
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    duration_ms: int | None = None
    has_audio: bool | None = None
    audio_codec: str = ""
    pixel_format: str = ""
    plays_in_browsers: bool | None = None
    placeholder: str = ""
    problem: MediaProblem | None = None


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
