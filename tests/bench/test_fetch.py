"""A large result brought here, beside a plain copy from the same socket: CPU and memory."""

import json
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.bench.figures import show

pytestmark = [pytest.mark.bench, pytest.mark.timeout(200)]

GIGABYTE = 10**9
ROUNDS = 3
WAYS = ("copy", "copy+hash", "ours")
SLAB = bytes(range(256)) * 4096


@pytest.fixture
def origin() -> Iterator[int]:
    """The port of a server that answers every connection with one large file."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_serve, args=[server], daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def _serve(server: socket.socket) -> None:
    with suppress(OSError):  # the fixture closed it
        while True:
            _answer(server.accept()[0])


def _answer(peer: socket.socket) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {GIGABYTE}\r\nContent-Type: video/mp4\r\n\r\n"
    with peer, suppress(ConnectionError):
        peer.recv(4096)
        peer.sendall(head.encode())
        for left in range(GIGABYTE, 0, -len(SLAB)):
            peer.sendall(SLAB[:left])


def fetch(way: str, port: int, folder: Path) -> dict[str, float]:
    folder.mkdir()
    command = [sys.executable, "-m", "tests.bench.fetch", way, str(port), str(GIGABYTE)]
    told = subprocess.run(
        [*command, str(folder / "clip")], check=True, stdout=subprocess.PIPE, text=True
    )
    shutil.rmtree(folder)
    figures: dict[str, float] = json.loads(told.stdout)
    return figures


def test_a_file_of_a_gigabyte(origin: int, tmp_path: Path) -> None:
    taken: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    for round_ in range(ROUNDS):
        for way in WAYS:
            taken[way].append(fetch(way, origin, tmp_path / f"{way}{round_}"))
    cpu = {way: [one["cpu"] for one in taken[way]] for way in WAYS}
    show("A file of 1 GB, CPU", cpu, "s/GB")
    for way in WAYS:
        print(f"  {way}: memory grew by {max(one['grown'] for one in taken[way]):.1f} MiB")
