"""Ad films of one world: begun at the provider, seen by their boards, changed as people do."""

import json
from uuid import uuid4

from generations import films
from generations.films import Board, BoardStrip
from generations.models import Composition, Film, Take, Task
from generations.models.films import FILM, StripKind
from generations.providers.contract import Order
from tests.factories import make_upload

from .conftest import World


def begun(world: World, words: str = "") -> Film:
    """A film that was ordered with one picture, and has left or tried to."""
    upload = make_upload(team=world.membership.team)
    film = films.begin(
        world.membership,
        world.credential,
        Order(
            kind=FILM,
            model="one-click",
            prompt=f"{words or '[one take]'} Aurel, salt and amber",
            duration=10,
            options={"language": "en"},
        ),
        form_token=uuid4().hex,
        pictures=[(upload, "")],
    )
    world.cluster.work()
    return again(film)


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
    return films.load_board(again(film))


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
