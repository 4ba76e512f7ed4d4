"""Files from servers that mean harm: none is called stored, and the next file has its turn."""

import gzip
import time
from urllib.parse import urlsplit

import pytest
from django.core.files.storage import default_storage
from pytest_django import Settings

from generations.lifecycle import fetch
from generations.models import File
from generations.models.files import FileState
from generations.net.sockets import AddressPolicy
from generations.teams import provider_access
from tests.cases import case
from tests.net.origin import Answer, origin, raw, reply

from .conftest import World
from .test_fetch import check_stored, memory

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: 900000\r\n\r\n"
VIDEO = "Content-Type: video/mp4"
PLAYLIST = b"#EXTM3U\n#EXTINF:5,\nhttp://169.254.169.254/latest/meta-data/\n"
HOSTILE: dict[str, Answer] = {
    "a redirect to our own machine": reply(302, b"", "Location: http://127.0.0.1:9/admin"),
    "a redirect to a file": reply(302, b"", "Location: file:///etc/passwd"),
    "a redirect without an end": reply(302, b"", "Location: /again"),
    "an endless drip": raw(HEAD, *[b"ab"] * 40, pause=0.1),
    "headers without an end": raw(HEAD[:40], *[b"X: y\r\n"] * 40, pause=0.1),
    "a bomb": reply(200, gzip.compress(bytes(10**7)), VIDEO, "Content-Encoding: gzip"),
    "a short body": reply(200, b"\0\0\0\x18ftypmp42", VIDEO, length=1000),
    "a page as a film": reply(200, b"<html>Sign in</html>", VIDEO),
    "a playlist as a film": reply(200, PLAYLIST, VIDEO),
    "an empty film": reply(200, b"", VIDEO),
    "20 GB that do not come": reply(200, b"x", VIDEO, length=20 * 10**9),
    "more than may be": reply(200, b"x", VIDEO, length=fetch.MOST_BYTES + 1),
}


@pytest.fixture
def files(world: World) -> dict[str, tuple[File, File]]:
    """For each hostile answer a file that is to be fetched, and the one after it."""
    world.order("[no cover] A lighthouse", count=len(HOSTILE))
    world.order("[no cover] A lighthouse", count=len(HOSTILE))
    world.end()
    world.cluster.lose()
    found = list(File.objects.select_related("task").order_by("pk"))
    return dict(zip(HOSTILE, zip(found[::2], found[1::2], strict=True), strict=True))


def test_what_a_hostile_server_gives_is_not_stored_and_holds_nobody_up(
    world: World,
    files: dict[str, tuple[File, File]],
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fetch, "SLICE_SECONDS", 0.5)
    settings.WORKERS = 2  # one place for files
    for name, (file, following) in files.items():
        with case(name):
            check_hostile(world, HOSTILE[name], file, following)


def check_hostile(world: World, answer: Answer, file: File, following: File) -> None:
    began, before = time.monotonic(), memory("VmRSS")
    with origin(answer) as server, pytest.MonkeyPatch.context() as patch:
        open_ = {("127.0.0.1", server.port), ("127.0.0.1", urlsplit(world.sandbox.url).port or 0)}
        patch.setattr(provider_access, "policy", lambda: AddressPolicy(exceptions=frozenset(open_)))
        File.objects.filter(pk=file.pk).update(url=f"{server.url}/clip.mp4", expires_at=None)
        fetch.fetch(file.pk)
    file.refresh_from_db()
    assert server.requests
    assert file.state in {FileState.FETCHING, FileState.LOST}
    assert file.lease_until is None
    assert not default_storage.exists(f"{file.team_id}/{file.task_id}/{file.pk}.mp4")
    assert memory("VmRSS") - before < 64
    assert time.monotonic() - began < 10
    File.objects.filter(pk=file.pk).update(not_before=world.frozen_clock.at.replace(year=2100))
    fetch.fetch(following.pk)
    following.refresh_from_db()
    check_stored(following)
