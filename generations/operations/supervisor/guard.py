"""What kills the groups when the supervisor itself dies and can no longer do it."""

import subprocess
from collections.abc import Iterable

# It waits for a line that never comes: the end of the pipe is the death of the supervisor.
SCRIPT = 'read -r _; kill -s KILL -- "$@"'


class Guard:
    """A tiny shell in its own session that outlives a SIGKILL of the supervisor by a moment."""

    def __init__(self) -> None:
        self.shell: subprocess.Popen[bytes] | None = None
        self.groups: list[int] = []

    def watch(self, groups: Iterable[int]) -> None:
        """Guard exactly these process groups from now on; a guard that was killed is replaced."""
        groups = list(groups)
        if self.shell and self.shell.poll() is None and groups == self.groups:
            return
        former, self.groups = self.shell, groups
        self.shell = subprocess.Popen(  # noqa: S603
            ["/bin/sh", "-c", SCRIPT, "guard", *(f"-{group}" for group in groups)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        _dismiss(former)

    def dismiss(self) -> None:
        _dismiss(self.shell)
        self.shell = None


def _dismiss(shell: subprocess.Popen[bytes] | None) -> None:
    if not shell:
        return
    shell.kill()
    shell.wait()
    if shell.stdin:
        shell.stdin.close()
