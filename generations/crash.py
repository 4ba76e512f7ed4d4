"""Named points at which a test kills the process, to prove that a restart ends the same."""

import os
import signal

VARIABLE = "RUSHES_CRASH_AT"


def point(name: str) -> None:
    """Die at once, as if the power went, when the environment asks for this point.

    ``RUSHES_CRASH_AT=send.posted:/path``: dies once; the file made at ``/path`` remembers it.
    """
    wanted, _, mark = os.environ.get(VARIABLE, "").partition(":")
    if wanted != name:
        return
    try:
        os.close(os.open(mark, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
