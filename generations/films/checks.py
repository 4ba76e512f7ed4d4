"""Check what a film allows: the pieces of a cut, new takes, changes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from generations.lifecycle.order import OrderRefused
from generations.models import Film, Membership, Segment, Take
from generations.models.films import SegmentKind
from generations.models.tasks import TaskState

from .data import FilmRows

REQUIRED = {
    SegmentKind.SHOT: "take_required",
    SegmentKind.NARRATION: "narration_required",
    SegmentKind.MUSIC: "music_required",
}


@dataclass(frozen=True, slots=True)
class CutSelection:
    """Remote ids to join: a take for each shot in the film's order, "" for none."""

    takes: tuple[str, ...]
    narration: str = ""
    music: str = ""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A code, and the values of its sentence: ``kind`` and ``shot`` (from 0) name the segment.

    ``limit`` and ``length`` (prompt_too_long), ``wanted`` and ``given`` (takes_count), ``number``
    (take_unknown) stand beside them.
    """

    code: str
    values: Mapping[str, object] = field(default_factory=dict)


class FilmRefused(OrderRefused):
    """The film as it is now does not allow it; ``obstacles`` say all that is in the way."""

    def __init__(self, *obstacles: Obstacle) -> None:
        super().__init__(", ".join(obstacle.code for obstacle in obstacles))
        self.obstacles = obstacles

    @property
    def code(self) -> str:
        return self.obstacles[0].code


def chosen_selection(rows: FilmRows) -> CutSelection:
    """Return what is chosen now."""
    remote_ids = [_remote_id(rows.chosen(shot)) for shot in rows.shots]
    narration, music = rows.segment(SegmentKind.NARRATION), rows.segment(SegmentKind.MUSIC)
    return CutSelection(
        tuple(remote_ids), _remote_id(rows.chosen(narration)), _remote_id(rows.chosen(music))
    )


def _remote_id(take: Take | None) -> str:
    return take.remote_id if take else ""


def obstacles(rows: FilmRows, pieces: CutSelection) -> tuple[Obstacle, ...]:
    """Return everything that keeps these pieces from becoming a cut (docs/wire.md, 2.13)."""
    return tuple(_obstacles(rows, pieces))


def _obstacles(rows: FilmRows, pieces: CutSelection) -> Iterator[Obstacle]:
    wanted, given = len(rows.shots), len(pieces.takes)
    if wanted != given or not wanted:
        yield Obstacle("takes_count", {"wanted": wanted, "given": given})
    else:
        for shot, remote_id in zip(rows.shots, pieces.takes, strict=True):
            yield from _of_piece(rows, SegmentKind.SHOT, shot, remote_id)
    for kind, remote_id in (
        (SegmentKind.NARRATION, pieces.narration),
        (SegmentKind.MUSIC, pieces.music),
    ):
        yield from _of_piece(rows, kind, rows.segment(kind), remote_id)


def _of_piece(
    rows: FilmRows, kind: SegmentKind, segment: Segment | None, remote_id: str
) -> Iterator[Obstacle]:
    where = {"kind": str(kind), "shot": segment.ordinal if segment else 0}
    take = rows.by_remote_id.get(remote_id)
    if not remote_id:
        yield Obstacle(REQUIRED[kind], where)
    elif take is None:
        yield Obstacle("take_unknown", {**where, "number": remote_id})
    elif segment is None or take.segment_id != segment.pk:
        yield Obstacle("take_misplaced", {**where, "number": remote_id})
    elif not take.is_stored:
        yield Obstacle("take_not_stored", {**where, "number": remote_id})


def require_complete(rows: FilmRows, pieces: CutSelection) -> Mapping[SegmentKind, Sequence[Take]]:
    """Return the takes of a cut by kind. Raises FilmRefused with all that is in the way."""
    if found := obstacles(rows, pieces):
        raise FilmRefused(*found)
    return {
        SegmentKind.SHOT: [rows.by_remote_id[remote_id] for remote_id in pieces.takes],
        SegmentKind.NARRATION: [rows.by_remote_id[pieces.narration]],
        SegmentKind.MUSIC: [rows.by_remote_id[pieces.music]],
    }


def refuse_if(condition: object, code: str, **values: object) -> None:
    if condition:
        raise FilmRefused(Obstacle(code, values))


def require_right(membership: Membership, film: Film) -> None:
    """Raise PermissionError where the member may not order in the film's team."""
    if film.team_id != membership.team_id or not membership.may_order:
        raise PermissionError("this person may not change this film")


def require_finished(film: Film) -> None:
    """Raise FilmRefused unless the film is finished and its tree is known (docs/wire.md, 2.13)."""
    is_finished = film.task.state == TaskState.SUCCEEDED and film.read_at is not None
    refuse_if(not is_finished, "not_finished")
