"""What the journeys need around a browser: a cluster at work, a complaint box, a furnished team."""

import re
import shutil
import threading
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from django.conf import settings
from django.core.files import File as Content
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.urls import reverse
from playwright.sync_api import ConsoleMessage, Page, Response

from generations import clock, films, media
from generations.billing import ledger
from generations.media.facts import Facts
from generations.models import Attempt, Credential, File, Film, Membership, Role, Task, Team, User
from generations.models.files import FileState
from generations.models.films import SegmentKind
from generations.models.tasks import AttemptState, TaskState
from generations.providers.contract import Reason
from tests.factories import make_credential, make_member, make_tasks, make_user
from tests.films.stage import FAILED, SUCCEEDED, again, finish, make_read_film, take
from tests.lifecycle.conftest import Cluster
from tests.media import clips

PASSWORD = "rushes-rushes"
ROUND_SECONDS = 0.2


class Hands:
    """A cluster of one in a thread of its own; what goes wrong in it is raised at the end."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()
        if self._error:
            raise self._error

    def _work(self) -> None:
        cluster = Cluster()
        try:
            while not self._stopping.wait(ROUND_SECONDS):
                cluster.work()
                cluster.poll()
        except Exception as error:  # noqa: BLE001  raised again where the test can see it
            self._error = error
        finally:
            cluster.close()
            connection.close()


class Complaints:
    """What a page says on its console, its errors, and what its policy forbade."""

    def __init__(self, page: Page) -> None:
        self._said: list[tuple[str, str]] = []
        self._pages: set[str] = set()
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self._said.append((error.stack or str(error), "")))
        page.on("response", self._see)
        page.add_init_script(
            "addEventListener('securitypolicyviolation', found =>"
            " console.error(`${found.violatedDirective} ${found.blockedURI}`))"
        )

    def _hear(self, message: ConsoleMessage) -> None:
        if not message.text.startswith("[DOM]"):  # a hint on forms, no complaint
            self._said.append((message.text, message.location["url"]))

    def _see(self, response: Response) -> None:
        if response.request.is_navigation_request():
            self._pages.add(response.url)

    @property
    def heard(self) -> list[str]:
        """All but what the browser says of a whole page that answers 404 or 422, as some should."""
        return [
            text
            for text, place in self._said
            if not (place in self._pages and text.startswith("Failed to load resource"))
        ]


def sign_in(page: Page, site: str, user: User) -> None:
    """By a session made here; the form of sign-in has tests of its own."""
    client = Client()
    client.force_login(user)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": site}]
    )


def until(page: Page, holds: str) -> None:
    """Wait until an expression holds; Playwright's own way is one that the policy forbids."""
    for _ in range(800):
        if page.evaluate(holds):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"it never held: {holds}")


DATA = r"\b(?:src|type=.application/json)"  # a script that only carries data runs nothing
INLINE = re.compile(rf"<[^>]+\sstyle=|<[^>]+\son[a-z]+=|<script(?![^>]*{DATA})")


def inline_code(html: str) -> list[str]:
    """Scripts, handlers and styles that stand in the page itself."""
    return INLINE.findall(html)


@cache
def _made() -> tuple[Path, Facts]:
    """One real clip with its poster and preview."""
    folder = Path(mkdtemp(prefix="clip-"))
    clip = clips.clip(folder / "clip.mp4", clips.moving(320, 180), seconds=6, sound=True)
    return folder, media.inspect(clip, folder)


def forget_made() -> None:
    """The clip that was made for these tests goes with them."""
    if _made.cache_info().currsize:
        shutil.rmtree(_made()[0])


@dataclass
class Studio:
    """A team with an owner, a key with credits, and what its wall is furnished with."""

    owner: Membership = field(
        default_factory=lambda: make_member(
            user=make_user(email="mei@example.com", name="Mei Tanaka", password=PASSWORD),
            role=Role.OWNER,
        )
    )

    def __post_init__(self) -> None:
        self.credential: Credential = make_credential(team=self.team)
        Credential.objects.filter(pk=self.credential.pk).update(balance=90_000, slots=6)
        self.credential.refresh_from_db()
        ledger.adjust(self.credential, 90_000, "for a test")

    @property
    def team(self) -> Team:
        return self.owner.team

    def address(self, name: str, *values: object) -> str:
        return reverse(name, args=[self.team.slug, *values])

    def order(self, state: TaskState = TaskState.WAITING, **fields: Any) -> Task:
        """A task put into a state, with its attempt as it would be then."""
        (task,) = make_tasks(membership=self.owner, credential=self.credential)
        Task.objects.filter(pk=task.pk).update(state=state, **fields)
        if state == TaskState.UNCLEAR:
            unclear = {"state": AttemptState.UNCLEAR, "sent_at": clock.now()}
            Attempt.objects.filter(task=task).update(**unclear)
        elif state != TaskState.WAITING:
            Attempt.objects.filter(task=task).update(
                state=AttemptState.ACCEPTED, remote_id=f"91{task.pk}", sent_at=clock.now()
            )
        task.refresh_from_db()
        return task

    def change(self, task: Task, **fields: Any) -> None:
        """Something happens to a task, so that the next poll tells it."""
        version = Team.next_sequence(self.team.pk)
        Task.objects.filter(pk=task.pk).update(version=version, **fields)

    def keep(self, state: FileState = FileState.STORED, **fields: Any) -> Task:
        """A finished task with its file in one of the states of a file."""
        task = self.order(TaskState.SUCCEEDED, accepted_at=clock.now(), finished_at=clock.now())
        file = File.objects.create(task=task, team=self.team, role="video", state=state, **fields)
        if state == FileState.STORED:
            _store(file)
        return task

    def film(self) -> Film:
        """An ad film whose second shot has another take than its cut, and one on its way."""
        film = make_read_film(membership=self.owner)
        for number in (71, 72, 73):
            (made,) = films.order_takes(
                self.owner,
                again(film),
                SegmentKind.SHOT,
                shot=1,
                prompt="At dusk",
                accepts_unknown=True,
                form_token=f"film-{number}",
            )
            if made.task and number < 73:
                finish(made.task, number=number, state=FAILED if number == 72 else SUCCEEDED)
        for file in File.objects.filter(team=self.team, name="", state=FileState.STORED):
            _store(file)
        films.choose_take(self.owner, take(film, 71))
        films.order_cut(self.owner, again(film), accepts_unknown=True, form_token="film-cut")
        return film

    def every_state(self) -> dict[str, Task]:
        """One task in each state that a card can show."""
        at = {"accepted_at": clock.now()}
        ended = at | {"finished_at": clock.now()}
        dying = {"expires_at": clock.now() + timedelta(minutes=9)}
        return {
            "waiting": self.order(),
            "sending": self.order(TaskState.SENDING),
            "queued": self.order(TaskState.QUEUED, **at),
            "running": self.order(TaskState.RUNNING, progress=42, **at),
            "guessed": self.order(TaskState.RUNNING, **at),
            "failed": self.order(
                TaskState.FAILED,
                reason=Reason.PROMPT_REFUSED,
                code="TaskPromptPolicyViolation",
                **ended,
            ),
            "cancelled": self.order(TaskState.CANCELLED, **ended),
            "unclear": self.order(TaskState.UNCLEAR),
            "fetching": self.keep(FileState.FETCHING, size=6_100_000, received=3_800_000, **dying),
            "lost": self.keep(FileState.LOST, last_error="404"),
            "stored": self.keep(),
        }


def _store(file: File) -> None:
    folder, facts = _made()
    for field_name, source in (
        ("name", "clip.mp4"),
        ("poster", "poster.webp"),
        ("preview", "preview.mp4"),
    ):
        with (folder / source).open("rb") as content:
            place = f"{file.pk}/{source}"
            setattr(file, field_name, default_storage.save(place, Content(content)))
    file.size = (folder / "clip.mp4").stat().st_size
    file.sha256, file.stored_at = "5" * 64, clock.now()
    file.duration_ms, file.width, file.height = facts.duration_ms, facts.width, facts.height
    file.fps, file.codec, file.has_sound = facts.fps, facts.codec, facts.has_audio
    file.save()
