"""What is inside a media file, read by its content in a child process.

Decoders are the largest attack surface of this site. They run in a process of their own, with
little memory, little time, no secrets in the environment and no connection to the network, and
may crash without harm.
"""

from pathlib import Path

from .facts import Crashed, Facts, InspectorRequest, NotMedia, Operation, RejectReason
from .inspector import Inspector
from .signature import format_of

__all__ = [
    "Crashed",
    "Facts",
    "NotMedia",
    "RejectReason",
    "extract_frame",
    "format_of",
    "inspect",
    "normalize_picture",
]

_inspector = Inspector()


def inspect(file: Path, outdir: Path, *, timeout: float = 60) -> Facts:
    """Read the facts of a video, image or audio file; write a video's pictures into ``outdir``.

    These are ``poster.webp`` and ``preview.mp4``. Raises NotMedia if the file is none of these,
    Crashed if the child died or needed more than ``timeout`` seconds.
    """
    return _run(Operation.INSPECT, file, outdir, timeout)


def normalize_picture(file: Path, outdir: Path, *, timeout: float = 60) -> Facts:
    """Convert an uploaded picture: upright, in sRGB, without metadata, not too large.

    Writes ``picture.png`` (if something of it is transparent) or ``picture.jpg``, and
    ``thumbnail.webp``; the facts are those of the new picture. Raises as ``inspect`` does.
    """
    return _run(Operation.PICTURE, file, outdir, timeout)


def extract_frame(video: Path, outdir: Path, *, at: str, timeout: float = 60) -> Facts:
    """Write the ``first`` or the ``last`` frame of a video as ``normalize_picture`` does."""
    return _run(Operation(at), video, outdir, timeout)


def _run(operation: Operation, file: Path, outdir: Path, timeout: float) -> Facts:
    request = InspectorRequest(str(file.resolve()), str(outdir.resolve()), timeout, operation)
    reply = _inspector.ask(request)
    if reply.crash:
        raise Crashed(reply.crash)
    if reply.facts is None:
        raise NotMedia(reply.reason or RejectReason.DAMAGED)
    return reply.facts
