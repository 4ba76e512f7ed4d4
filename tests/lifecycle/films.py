"""Ad films of one world: begun at the provider, seen by their boards, changed as people do."""

import json
from uuid import uuid4

from generations import films
from generations.films import Board, BoardSegment
from generations.models import Cut, Film, Take, Task
from generations.models.films import FILM, SegmentKind
from generations.providers.contract import Order
from generations.uploads import NamedUpload
from tests.factories import make_upload

from .conftest import World


def ordered_film(world: World, words: str = "") -> Film:
    """A film that was ordered with one picture, and has left or tried to."""
    team = world.membership.team
    # One picture for all films: what is drawn from equal pictures is drawn once.
    upload = team.uploads.first() or make_upload(team=team, colour="#d08040")
    film = films.order_film(
        world.membership,
        world.credential,
        Order(
            kind=FILM,
            model="one-click",
            prompt=f"{words or '[one take]'} Aurel, salt and amber",
            duration=10,
            options={"language": "en"},
        ),
        accepts_unknown=True,
        form_token=uuid4().hex,
        pictures=[NamedUpload(upload)],
    )
    world.cluster.work()
    return reloaded(film)


def read_film(world: World, words: str = "") -> Film:
    """A film whose tree is read, while no file is fetched."""
    film = ordered_film(world, words)
    world.cluster.lost.add("fetch")
    world.run(lambda: Film.objects.filter(pk=film.pk).exclude(read_at=None).exists())
    return reloaded(film)


def kept_film(world: World, words: str = "") -> Film:
    """A film of which every file is here."""
    film = ordered_film(world, words)
    world.finish()
    return reloaded(film)


def reloaded(film: Film) -> Film:
    return Film.objects.for_board().get(pk=film.pk)


def board_of(film: Film) -> Board:
    return films.load_board(reloaded(film))


def retake(
    world: World, film: Film, kind: SegmentKind, prompt: str, *, count: int = 1
) -> list[Take]:
    return films.order_takes(
        world.membership,
        reloaded(film),
        kind,
        shot=1,
        prompt=prompt,
        count=count,
        accepts_unknown=True,
        form_token=uuid4().hex,
    )


def cut_again(world: World, film: Film) -> Cut:
    return films.order_cut(
        world.membership, reloaded(film), accepts_unknown=True, form_token=uuid4().hex
    )


def choose(world: World, made: Take) -> None:
    films.choose_take(world.membership, Take.objects.select_related("film__team").get(pk=made.pk))


def sent(world: World, path: str) -> list[dict[str, object]]:
    """The bodies of all creates at one address of films."""
    wanted = ("POST", f"/ent/v2/ad-one-click{path}")
    found = [each for each in world.sandbox.requests if (each.method, each.path) == wanted]
    return [json.loads(each.body) for each in found]


def check_kept(board: Board) -> None:
    files = [take.file for segment in segments(board) for take in segment.takes]
    for file in (*files, *(cut.file for cut in board.cuts)):
        assert file
        assert file.is_stored
        assert file.duration_ms
        assert file.has_sound or file.role == "video"


def segments(board: Board) -> list[BoardSegment]:
    return [*board.shots, *(segment for segment in (board.narration, board.music) if segment)]


def task_of(part: Take | Cut) -> Task:
    assert part.task_id
    return Task.objects.get(pk=part.task_id)
