"""One download in a process of its own, which then tells what it took.

``python -m tests.bench.fetch ours|copy|copy+hash PORT BYTES TARGET``
"""

import hashlib
import json
import resource
import socket
import sys
from pathlib import Path

from generations.net.download import download
from generations.net.sockets import AddressPolicy

CHUNK = 256 * 1024


def ours(port: int, size: int, target: Path) -> None:
    policy = AddressPolicy(exceptions=frozenset({("127.0.0.1", port)}))
    came = download(
        f"http://127.0.0.1:{port}/clip.mp4", target, policy, limit_bytes=size, deadline=80
    )
    assert came.size == size


def copy(port: int, size: int, target: Path, *, hashed: bool) -> None:
    """The least that anybody could do: one buffer from the socket to the file."""
    buffer, digest = memoryview(bytearray(CHUNK)), hashlib.sha256()
    with socket.create_connection(("127.0.0.1", port)) as peer, target.open("wb") as file:
        peer.sendall(b"GET /clip.mp4 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        head = peer.recv(1024, socket.MSG_PEEK).index(b"\r\n\r\n") + 4
        peer.recv(head)
        while received := peer.recv_into(buffer):
            file.write(buffer[:received])
            if hashed:
                digest.update(buffer[:received])
    assert target.stat().st_size == size


def main(way: str, port: int, size: int, target: Path) -> None:
    rest, before = resident("VmRSS"), resource.getrusage(resource.RUSAGE_SELF)
    if way == "ours":
        ours(port, size, target)
    else:
        copy(port, size, target, hashed=way == "copy+hash")
    after = resource.getrusage(resource.RUSAGE_SELF)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(json.dumps({"cpu": spent, "grown": resident("VmHWM") - rest}))


def resident(what: str) -> float:
    """Memory of this process now (VmRSS) or at most (VmHWM), in MiB; getrusage tells a parent's."""
    text = Path("/proc/self/status").read_text()
    line = next(line for line in text.splitlines() if line.startswith(what))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
