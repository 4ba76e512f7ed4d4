"""Two hundred clips in one archive, from a real server: in little memory, and abandoned."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).resolve().parents[2]
THREADS = 8
CLIPS, SIZE = 200, 4_000_000
BLOCK = 1024 * 1024
MOST_GROWTH = 48  # MiB, of a process that sends 800 MB
# Makes a collection of clips that share one file, and a link; prints the archive's address.
COLLECTION = f"""
import os
import django
django.setup()
from django.conf import settings
from django.core.management import call_command
from generations.models import Credential, File, Membership, Task, Team, User
from generations.sharing import collections, links
call_command("migrate", verbosity=0)
call_command("createcachetable", verbosity=0)
team = Team.objects.create(name="Harbour Lane", slug="harbour-lane")
user = User.objects.create_user("member@rushes.example")
Membership.objects.create(team=team, user=user)
key = Credential.objects.create(team=team, kind="vidu", name="Key", base_url="https://api.example")
settings.MEDIA_ROOT.mkdir()
(settings.MEDIA_ROOT / "clip.mp4").write_bytes(os.urandom({SIZE}))
clips = []
for number in range({CLIPS}):
    task = Task.objects.create(
        team=team, created_by=user, credential=key, model="viduq2", form_token=str(number)
    )
    clips.append(File.objects.create(
        task=task, team=team, part="video", state="stored", name="clip.mp4", size={SIZE},
        sha256=f"{{number:064}}",
    ).pk)
collection = collections.make(team, user, "Salt and Amber")
collections.add(collection, clips, user)
link, token = links.make(collection, user, links.Terms(allows_downloads=True))
print(f"/s/{{token}}/clips.zip")
"""


class Server:
    """granian as ``manage.py up`` starts it, with few threads."""

    def __init__(self, data: Path) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        own = {"DATA_DIR": str(data), "WEB_THREADS": str(THREADS), "LOG_LEVEL": "ERROR"}
        environment = {**kept, **own, "DJANGO_SETTINGS_MODULE": "project.settings"}
        made = subprocess.check_output(
            [sys.executable, "-c", COLLECTION], cwd=ROOT, env=environment, text=True
        )
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.archive = f"http://127.0.0.1:{self.port}{made.strip()}"
        command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-log"]
        command += ["--port", str(self.port), "--blocking-threads", str(THREADS)]
        self.process = subprocess.Popen(
            [*command, "project.wsgi:application"],
            cwd=ROOT,
            env=environment,
            start_new_session=True,
        )
        self._wait()

    def _wait(self) -> None:
        for _ in range(300):
            with suppress(OSError):
                urlopen(f"http://127.0.0.1:{self.port}/health/live").close()
                return
            time.sleep(0.1)
        raise AssertionError("the server did not start")

    @property
    def memory(self) -> float:
        """MiB of the process that answers."""
        workers = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        sizes = [Path(f"/proc/{one}/statm").read_text().split()[1] for one in workers.split()]
        return max(int(size) for size in sizes) * os.sysconf("SC_PAGE_SIZE") / 1024**2


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("site") / "data")
    yield server
    os.killpg(server.process.pid, signal.SIGKILL)
    server.process.wait()


@pytest.mark.slow
def test_two_hundred_clips_leave_whole_and_the_process_stays_small(server: Server) -> None:
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


@pytest.mark.slow
def test_a_visitor_who_leaves_gives_the_place_back_and_closes_the_clip(server: Server) -> None:
    for _ in range(5 * THREADS):
        with urlopen(server.archive) as left:
            left.read(BLOCK)
    deadline = time.monotonic() + 10
    while open_clips(server):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    with urlopen(server.archive) as again:
        assert again.status == 200


def open_clips(server: Server) -> list[str]:
    """The clips that the server's processes have open."""
    workers = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text()
    links = [one for pid in workers.split() for one in Path(f"/proc/{pid}/fd").glob("*")]
    found = []
    for link in links:
        with suppress(OSError):
            found.append(os.readlink(link))
    return [name for name in found if name.endswith("clip.mp4")]
