"""What tests ask of the machine: patience, free ports, and which processes live."""

import random
import socket
import time
from collections.abc import Callable
from pathlib import Path

# Below those that the system gives to outgoing connections: one of these would take the port
# between our look and the server's start.
PORTS = range(12_000, 32_000)


def free_port() -> int:
    """Drawn by the system's own dice: others draw at the same time, and seeds are not for this."""
    while True:
        port = random.SystemRandom().choice(PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def until(
    condition: Callable[[], object], what: str, seconds: float, tell: Callable[[], str]
) -> None:
    """Wait for a condition; where it does not come, say for what and what the log says."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {seconds:g} s\n{tell()}"
        time.sleep(0.05)


def lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def children(pid: int) -> list[int]:
    """The processes that one process started and that still live."""
    found: list[int] = []
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += map(int, listed.read_text().split())
        except (FileNotFoundError, ProcessLookupError):
            continue  # the thread ended while we looked
    return found


def descendants(pid: int) -> set[int]:
    return {each for child in children(pid) for each in {child} | descendants(child)}


def command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def mentioning(word: str) -> list[int]:
    """Every process whose environment or command holds this word."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            text = (entry / "environ").read_bytes() + (entry / "cmdline").read_bytes()
        except OSError:
            continue  # it ended while we looked, or is not ours to read
        if word.encode() in text and lives(int(entry.name)):
            found.append(int(entry.name))
    return found
