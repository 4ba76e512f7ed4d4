"""What is inside a file, judged by its content in a child process.

Decoders are the largest attack surface of the house: they run apart, with little memory, little
time, no secrets in the environment and no way to the network, and may crash without harm.
"""

from pathlib import Path

from generations.media.facts import Crashed, Errand, Facts, NotMedia, Question, Reason
from generations.media.signature import format_of
from generations.media.zygote import Zygote

__all__ = [
    "Crashed",
    "Facts",
    "NotMedia",
    "Reason",
    "format_of",
    "inspect",
    "take_frame",
    "take_picture",
]

_zygote = Zygote()


def inspect(video: Path, outdir: Path, *, timeout: float = 60) -> Facts:
    """The facts of a video, image or audio file; writes a video's pictures into ``outdir``.

    These are ``poster.webp`` and ``preview.mp4``. Raises NotMedia where the file is none of these,
    Crashed where the child died or needed more than ``timeout`` seconds.
    """
    return _ask(video, outdir, timeout, Errand.LOOK)


def take_picture(given: Path, outdir: Path, *, timeout: float = 60) -> Facts:
    """Make a picture that somebody gave our own: upright, in sRGB, without metadata, not too large.

    Writes ``picture.png`` (where something of it is transparent) or ``picture.jpg``, and
    ``thumbnail.webp``; the facts are those of the picture. Raises as ``inspect`` does.
    """
    return _ask(given, outdir, timeout, Errand.PICTURE)


def take_frame(video: Path, outdir: Path, *, at: str, timeout: float = 60) -> Facts:
    """The ``first`` or the ``last`` frame of a video, written as ``take_picture`` writes it."""
    return _ask(video, outdir, timeout, Errand(at))


def _ask(file: Path, outdir: Path, timeout: float, errand: Errand) -> Facts:
    question = Question(str(file.resolve()), str(outdir.resolve()), timeout, errand)
    reply = _zygote.ask(question)
    if reply.crash:
        raise Crashed(reply.crash)
    if reply.facts is None:
        raise NotMedia(reply.reason or Reason.DAMAGED)
    return reply.facts
