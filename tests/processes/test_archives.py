"""Two hundred clips in one archive, from a real server: in little memory, and abandoned."""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.processes.web_server import THREADS, WebServer

pytestmark = pytest.mark.slow

CLIPS, SIZE = 200, 4_000_000
BLOCK = 1024 * 1024
MOST_GROWTH = 48  # MiB, of a process that sends 800 MB
# A collection of clips that share one file, and a link; prints the archive's address.
COLLECTION = f"""
import os
from generations.sharing import collections, links
settings.MEDIA_ROOT.mkdir()
(settings.MEDIA_ROOT / "clip.mp4").write_bytes(os.urandom({SIZE}))
clips = []
for number in range({CLIPS}):
    task = Task.objects.create(
        team=team, created_by=user, credential=key, model="viduq2", form_token=str(number)
    )
    clips.append(File.objects.create(
        task=task, team=team, role="video", state="stored", name="clip.mp4", size={SIZE},
        sha256=f"{{number:064}}",
    ).pk)
collection = collections.make(team, user, "Salt and Amber")
collections.add(collection, clips, user)
link, token = links.make(collection, user, links.Terms(allows_downloads=True))
print(f"/s/{{token}}/clips.zip")
"""


class Stage(WebServer):
    """An archive to ask for."""

    def __init__(self, data: Path) -> None:
        super().__init__(data, COLLECTION)
        self.archive = f"http://127.0.0.1:{self.port}{self.made}"

    @property
    def memory(self) -> float:
        """MiB of the process that answers."""
        sizes = [Path(f"/proc/{one}/statm").read_text().split()[1] for one in self.workers()]
        return max(int(size) for size in sizes) * os.sysconf("SC_PAGE_SIZE") / 1024**2


@pytest.fixture(scope="module")
def server(copied_house: Path) -> Iterator[Stage]:
    server = Stage(copied_house)
    yield server
    server.kill()


def test_two_hundred_clips_leave_whole_and_the_process_stays_small(server: Stage) -> None:
    with urlopen(server.archive) as warm:
        warm.read(BLOCK)
    before, most, got = server.memory, 0.0, 0
    with urlopen(server.archive) as answer:
        while block := answer.read(BLOCK):
            got += len(block)
            most = max(most, server.memory) if got % (64 * BLOCK) < BLOCK else most
        said = int(answer.headers["Content-Length"])
    assert got == said > CLIPS * SIZE
    assert most - before < MOST_GROWTH


def test_a_visitor_who_leaves_gives_the_place_back_and_closes_the_clip(server: Stage) -> None:
    for _ in range(5 * THREADS):
        with urlopen(server.archive) as left:
            left.read(BLOCK)
    deadline = time.monotonic() + 10
    while open_clips(server):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    with urlopen(server.archive) as again:
        assert again.status == 200


def open_clips(server: Stage) -> list[str]:
    """The clips that the server's processes have open."""
    links = [one for pid in server.workers() for one in Path(f"/proc/{pid}/fd").glob("*")]
    found = []
    for link in links:
        with suppress(OSError):
            found.append(os.readlink(link))
    return [name for name in found if name.endswith("clip.mp4")]
