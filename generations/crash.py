"""Named points at which a test kills the process, to prove that a restart ends the same."""

import os
import signal

VARIABLE = "RUSHES_CRASH_AT"


def point(name: str) -> None:
    """Kill this process at once, as a power cut would, if the environment names this point.

    ``RUSHES_CRASH_AT=send.posted:/path`` kills once; the file created at ``/path`` records it.
    """
    wanted, _, mark = os.environ.get(VARIABLE, "").partition(":")
    if wanted != name:
        return
    try:
        # O_EXCL: of several processes that reach the point, exactly one dies.
        os.close(os.open(mark, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
