"""A socket for http.client that is cut when it is too late or too slow."""

import io
import socket
import time
from dataclasses import dataclass
from typing import Any

from generations.net.failures import Broken, Paused


@dataclass(frozen=True, slots=True)
class Limits:
    """How slow a link may be: seconds for one step, and bytes per second over a window."""

    connect: float = 5
    silence: float = 20
    window: float = 30
    lowest_rate: int = 1024


USUAL = Limits()


class Pace:
    """One download's clock: ``deadline`` seconds from now, and the bytes of the current window."""

    def __init__(self, deadline: float, limits: Limits) -> None:
        self.limits = limits
        self._ends = time.monotonic() + deadline
        self._window_from = time.monotonic()
        self._window_bytes = 0

    def left(self, most: float) -> float:
        """Seconds that the next step may take, at most ``most``; Paused where none are left."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise Paused("The time for this turn is over.")
        return min(most, left)

    def count(self, size: int) -> None:
        """Note ``size`` bytes; Broken where a whole window was slower than the lowest rate."""
        self._window_bytes += size
        passed = time.monotonic() - self._window_from
        if passed < self.limits.window:
            return
        if self._window_bytes < self.limits.lowest_rate * passed:
            raise Broken(f"Slower than {self.limits.lowest_rate} bytes per second.")
        self._window_from += passed
        self._window_bytes = 0


class PacedReader(io.RawIOBase):
    """Raw reads of a socket, each counted."""

    def __init__(self, sock: socket.socket, pace: Pace) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._pace = pace

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(self._pace.left(self._pace.limits.silence))
        try:
            count = self._raw.readinto(buffer) or 0
        except TimeoutError:
            self._pace.left(0)  # where the deadline cut the wait short this is a pause
            raise
        self._pace.count(count)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class PacedSocket:
    """As much of a socket as http.client uses."""

    def __init__(self, sock: socket.socket, pace: Pace) -> None:
        self._sock = sock
        self._pace = pace

    def sendall(self, data: bytes) -> None:
        self._sock.settimeout(self._pace.left(self._pace.limits.silence))
        self._sock.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(PacedReader(self._sock, self._pace), 64 * 1024)

    def close(self) -> None:
        self._sock.close()
