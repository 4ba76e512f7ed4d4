"""Ad films of one world: begun at the provider, seen by their boards, changed as people do."""

import base64
import json
from io import BytesIO
from uuid import uuid4

import httpx
from PIL import Image

from generations import clock, films, ledger
from generations.films import Board, BoardStrip
from generations.models import Attempt, Composition, Film, Take, Task
from generations.models.films import FILM, StripKind
from generations.models.tasks import AttemptState, TaskState

from .conftest import World


def picture() -> str:
    buffer = BytesIO()
    Image.new("RGB", (320, 240), "#a63").save(buffer, "png")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def begun(world: World, words: str = "") -> Film:
    """A film that the provider has just taken."""
    prompt = f"{words or '[one take]'} Aurel, salt and amber"
    reply = httpx.post(
        f"{world.sandbox.url}/ent/v2/ad-one-click",
        headers={"Authorization": f"Token {world.key}"},
        json={"images": [picture()], "prompt": prompt, "duration": 10, "language": "en"},
    ).json()
    task = Task.objects.create(
        team=world.membership.team,
        created_by=world.membership.user,
        credential=world.credential,
        kind=FILM,
        model="one-click",
        prompt=prompt,
        settings={"duration": 10},
        form_token=uuid4().hex,
        state=TaskState.QUEUED,
        accepted_at=clock.now(),
        check_at=clock.now(),
    )
    attempt = Attempt.objects.create(
        task=task,
        credential=world.credential,
        ordinal=1,
        state=AttemptState.ACCEPTED,
        number=reply["task_id"],
        cost=reply["credits"],
    )
    ledger.hold(attempt)
    return Film.objects.create(team=task.team, task=task)


def told(world: World, words: str = "") -> Film:
    """A film whose tree is read, while no file is fetched."""
    film = begun(world, words)
    world.cluster.lost.add("mirror")
    world.run(lambda: Film.objects.exclude(read_at=None).exists())
    return again(film)


def kept(world: World, words: str = "") -> Film:
    """A film of which every file is here."""
    film = begun(world, words)
    world.finish()
    return again(film)


def again(film: Film) -> Film:
    return Film.objects.for_board().get(pk=film.pk)


def shown(film: Film) -> Board:
    return films.board(again(film))


def retake(world: World, film: Film, kind: StripKind, prompt: str, *, count: int = 1) -> list[Take]:
    return films.redo(
        world.membership,
        again(film),
        kind,
        shot=1,
        prompt=prompt,
        count=count,
        form_token=uuid4().hex,
    )


def cut_again(world: World, film: Film) -> Composition:
    return films.compose(world.membership, again(film), form_token=uuid4().hex)


def choose(world: World, made: Take) -> None:
    films.choose(world.membership, Take.objects.select_related("film__team").get(pk=made.pk))


def sent(world: World, path: str) -> list[dict[str, object]]:
    """The bodies of all creates at one address of films."""
    wanted = ("POST", f"/ent/v2/ad-one-click{path}")
    found = [each for each in world.sandbox.requests if (each.method, each.path) == wanted]
    return [json.loads(each.body) for each in found]


def check_kept(board: Board) -> None:
    files = [take.file for strip in strips(board) for take in strip.takes]
    for file in (*files, *(cut.file for cut in board.cuts)):
        assert file
        assert file.is_stored
        assert file.duration_ms
        assert file.has_sound or file.part == "video"


def strips(board: Board) -> list[BoardStrip]:
    return [*board.shots, *(strip for strip in (board.narration, board.music) if strip)]


def task_of(part: Take | Composition) -> Task:
    assert part.task_id
    return Task.objects.get(pk=part.task_id)
