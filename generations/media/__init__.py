"""What is inside a file, judged by its content in a child process.

Decoders are the largest attack surface of the house: they run apart, with little memory, little
time, no secrets in the environment and no way to the network, and may crash without harm.
"""

from pathlib import Path

from generations.media.facts import Crashed, Facts, NotMedia, Question, Reason
from generations.media.zygote import Zygote

__all__ = ["Crashed", "Facts", "NotMedia", "Reason", "inspect"]

_zygote = Zygote()


def inspect(video: Path, outdir: Path, *, timeout: float = 60) -> Facts:
    """The facts of a video, image or audio file; writes a video's pictures into ``outdir``.

    These are ``poster.webp`` and ``preview.mp4``. Raises NotMedia where the file is none of these,
    Crashed where the child died or needed more than ``timeout`` seconds.
    """
    reply = _zygote.ask(Question(str(video.resolve()), str(outdir.resolve()), timeout))
    if reply.crash:
        raise Crashed(reply.crash)
    if reply.facts is None:
        raise NotMedia(reply.reason or Reason.DAMAGED)
    return reply.facts
