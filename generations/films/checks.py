"""What a cut is to be made of, and what is in the way of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from generations.lifecycle.order import OrderRefused
from generations.models import Film, Membership, Strip, Take
from generations.models.films import StripKind
from generations.models.tasks import TaskState

from .data import Rows

REQUIRED = {
    StripKind.SHOT: "take_required",
    StripKind.NARRATION: "narration_required",
    StripKind.MUSIC: "music_required",
}


@dataclass(frozen=True, slots=True)
class Pieces:
    """The provider's numbers: a take for each shot in the film's order, "" for none."""

    takes: tuple[str, ...]
    narration: str = ""
    music: str = ""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A code, and the values of its sentence: ``kind`` and ``shot`` (from 0) name the strip.

    ``limit`` and ``length`` (prompt_too_long), ``wanted`` and ``given`` (takes_count), ``number``
    (take_unknown) stand beside them.
    """

    code: str
    values: Mapping[str, object] = field(default_factory=dict)


class FilmRefused(OrderRefused):
    """The film as it is now does not allow it; all that stands in the way."""

    def __init__(self, *obstacles: Obstacle) -> None:
        super().__init__(", ".join(obstacle.code for obstacle in obstacles))
        self.obstacles = obstacles

    @property
    def code(self) -> str:
        return self.obstacles[0].code


def chosen_pieces(rows: Rows) -> Pieces:
    """What is chosen now."""
    numbers = [_number(rows.chosen(shot)) for shot in rows.shots]
    narration, music = rows.strip(StripKind.NARRATION), rows.strip(StripKind.MUSIC)
    return Pieces(tuple(numbers), _number(rows.chosen(narration)), _number(rows.chosen(music)))


def _number(take: Take | None) -> str:
    return take.number if take else ""


def obstacles(rows: Rows, pieces: Pieces) -> tuple[Obstacle, ...]:
    """Everything that keeps these pieces from becoming a cut (2.13)."""
    return tuple(_obstacles(rows, pieces))


def _obstacles(rows: Rows, pieces: Pieces) -> Iterator[Obstacle]:
    wanted, given = len(rows.shots), len(pieces.takes)
    if wanted != given or not wanted:
        yield Obstacle("takes_count", {"wanted": wanted, "given": given})
    else:
        for shot, number in zip(rows.shots, pieces.takes, strict=True):
            yield from _of_piece(rows, StripKind.SHOT, shot, number)
    for kind, number in ((StripKind.NARRATION, pieces.narration), (StripKind.MUSIC, pieces.music)):
        yield from _of_piece(rows, kind, rows.strip(kind), number)


def _of_piece(rows: Rows, kind: StripKind, strip: Strip | None, number: str) -> Iterator[Obstacle]:
    where = {"kind": str(kind), "shot": strip.ordinal if strip else 0}
    take = rows.by_number.get(number)
    if not number:
        yield Obstacle(REQUIRED[kind], where)
    elif take is None:
        yield Obstacle("take_unknown", {**where, "number": number})
    elif strip is None or take.strip_id != strip.pk:
        yield Obstacle("take_misplaced", {**where, "number": number})
    elif not take.is_stored:
        yield Obstacle("take_not_stored", {**where, "number": number})


def judged(rows: Rows, pieces: Pieces) -> Mapping[StripKind, Sequence[Take]]:
    """The takes of a cut, by what they are. Raises FilmRefused."""
    if found := obstacles(rows, pieces):
        raise FilmRefused(*found)
    return {
        StripKind.SHOT: [rows.by_number[number] for number in pieces.takes],
        StripKind.NARRATION: [rows.by_number[pieces.narration]],
        StripKind.MUSIC: [rows.by_number[pieces.music]],
    }


def refuse_if(condition: object, code: str, **values: object) -> None:
    if condition:
        raise FilmRefused(Obstacle(code, values))


def require_right(membership: Membership, film: Film) -> None:
    """Raises PermissionError for who may not order in the film's team."""
    if film.team_id != membership.team_id or not membership.may_order:
        raise PermissionError("this person may not change this film")


def require_finished(film: Film) -> None:
    """Only a finished film whose tree is known can be changed (2.13)."""
    finished = film.task.state == TaskState.SUCCEEDED and film.read_at is not None
    refuse_if(not finished, "not_finished")
