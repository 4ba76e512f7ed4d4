"""Viewers who ask for a film and stop reading must not freeze the site (a real server)."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.processes.web_server import THREADS, WebServer

pytestmark = pytest.mark.slow

# A member's session and a stored film of 24 MiB; prints the address and the session's key.
FILM = """
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
task = Task.objects.create(team=team, created_by=user, credential=key, model="viduq2")
settings.MEDIA_ROOT.mkdir()
(settings.MEDIA_ROOT / "film.mp4").write_bytes(bytes(24 * 1024 * 1024))
film = File.objects.create(
    task=task, team=team, role="video", state="stored", sha256="0" * 64, name="film.mp4"
)
session = SessionStore()
session[SESSION_KEY] = str(user.pk)
session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.save()
print(f"/files/{film.pk}/clip.mp4 {session.session_key}")
"""


class Stage(WebServer):
    """A member's session, and a film to ask for."""

    def __init__(self, data: Path) -> None:
        super().__init__(data, FILM)
        self.film, self.session = self.made.split()

    def ask(self, path: str, *, range_: str = "") -> socket.socket:
        """Ask, and read nothing: the receive buffer is as small as the system allows."""
        lines = [f"GET {path} HTTP/1.1", "Host: localhost", f"Cookie: sessionid={self.session}"]
        lines += [f"Range: {range_}"] if range_ else []
        with ExitStack() as until_sent:
            asked = until_sent.enter_context(socket.socket())
            asked.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            asked.settimeout(5)
            asked.connect(("127.0.0.1", self.port))
            asked.sendall("\r\n".join([*lines, "", ""]).encode())
            until_sent.pop_all()
        return asked

    def status(self, path: str, *, range_: str = "") -> int:
        with self.ask(path, range_=range_) as asked:
            return int(asked.recv(100).split()[1])


@pytest.fixture(scope="module")
def server(copied_house: Path) -> Iterator[Stage]:
    server = Stage(copied_house)
    yield server
    server.kill()


@pytest.mark.parametrize(("viewers", "range_"), [(64, "bytes=0-"), (8, ""), (64, "")])
def test_the_site_answers_while_viewers_stall(server: Stage, viewers: int, range_: str) -> None:
    with ExitStack() as stalled:
        for _ in range(viewers):
            stalled.enter_context(server.ask(server.film, range_=range_))
        time.sleep(1)
        assert server.status("/health/live") == 200
        assert server.status(server.film, range_="bytes=0-1") == 206


def test_a_viewer_who_goes_away_gives_the_place_back(server: Stage) -> None:
    for _ in range(5 * THREADS):
        with server.ask(server.film) as left:
            left.recv(100)
    deadline = time.monotonic() + 10
    while server.status(server.film) != 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)
