"""The rows of one film: what is chosen, what it lacks for the next cut, and what it cost."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import Count, Q, Sum

from generations.lifecycle.order import OrderRefused
from generations.models import Attempt, Cut, CutPiece, Film, Membership, Segment, Take
from generations.models.films import SegmentKind
from generations.models.tasks import FINAL, AttemptState, TaskState

type SegmentKey = tuple[str, int]
"""A segment by its kind and its index, e.g. ``("shot", 0)``."""

ORDER = {kind: position for position, kind in enumerate(SegmentKind)}
UNSUCCESSFUL = {*FINAL} - {TaskState.SUCCEEDED}
REQUIRED = {
    SegmentKind.SHOT: "take_required",
    SegmentKind.NARRATION: "narration_required",
    SegmentKind.MUSIC: "music_required",
}


class FilmRows:
    """The rows of one film; segments stand in the order of a board."""

    def __init__(self, film: Film) -> None:
        self.film = film
        # Sorted here: the database would put music before narration and shots.
        segments = Segment.objects.filter(film=film)
        self.segments = sorted(
            segments, key=lambda segment: (ORDER[SegmentKind(segment.kind)], segment.ordinal)
        )
        takes = Take.objects.filter(film=film).order_by("segment", "ordinal")
        self.takes = list(takes.select_related("task__created_by", "file"))
        cuts = Cut.objects.filter(film=film).order_by("ordinal")
        self.cuts = list(cuts.select_related("task__created_by", "file"))
        self._pieces: dict[int, list[CutPiece]] = defaultdict(list)
        for piece in CutPiece.objects.filter(cut__film=film).order_by("ordinal"):
            self._pieces[piece.cut_id].append(piece)
        self._by_pk = {take.pk: take for take in self.takes}
        self.by_remote_id = {take.remote_id: take for take in self.takes if take.remote_id}
        self._keys = {segment.pk: (segment.kind, segment.ordinal) for segment in self.segments}

    @property
    def shots(self) -> list[Segment]:
        return [segment for segment in self.segments if segment.kind == SegmentKind.SHOT]

    @property
    def newest_cut(self) -> Cut | None:
        """Return the newest cut that did not fail, also while it is still being made."""
        good = [cut for cut in self.cuts if cut.status not in UNSUCCESSFUL]
        return good[-1] if good else None

    def segment(self, kind: SegmentKind, ordinal: int = 0) -> Segment | None:
        found = (
            segment
            for segment in self.segments
            if (segment.kind, segment.ordinal) == (kind, ordinal)
        )
        return next(found, None)

    def takes_of(self, segment: Segment) -> list[Take]:
        return [take for take in self.takes if take.segment_id == segment.pk]

    def chosen(self, segment: Segment | None) -> Take | None:
        return self._by_pk.get(segment.chosen_id or 0) if segment else None

    def key(self, take: Take) -> SegmentKey:
        return self._keys[take.segment_id]

    def chosen_ids(self) -> Mapping[SegmentKey, Sequence[str]]:
        """Return the remote ids that the next cut would join, by segment."""
        chosen = {self._keys[segment.pk]: self.chosen(segment) for segment in self.segments}
        return {key: [take.remote_id] for key, take in chosen.items() if take}

    def piece_ids(self, cut: Cut) -> Mapping[SegmentKey, Sequence[str]]:
        """Return the remote ids that a cut joined, by segment.

        A piece that is no take of ours stands at the position that the cut gave it.
        """
        # A position in a cut is not always the shot's index: a cut may join two takes of one shot
        # (docs/wire.md, 2.14). So the take itself says to which segment a piece belongs.
        found: dict[SegmentKey, list[str]] = defaultdict(list)
        for piece in self._pieces[cut.pk]:
            take = self._by_pk.get(piece.take_id or 0)
            key = self.key(take) if take else (piece.kind, piece.ordinal)
            found[key].append(piece.remote_id)
        return dict(found)


# ---- What the film allows -------------------------------------------------------------------


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


def obstacles(rows: FilmRows, pieces: CutSelection) -> tuple[Obstacle, ...]:
    """Return everything that keeps these pieces from becoming a cut (docs/wire.md, 2.13)."""
    return tuple(_obstacles(rows, pieces))


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
    # A film can be finished before its tree was read; until then no segment is known.
    is_finished = film.task.state == TaskState.SUCCEEDED and film.read_at is not None
    refuse_if(not is_finished, "not_finished")


def _obstacles(rows: FilmRows, pieces: CutSelection) -> Iterator[Obstacle]:
    wanted, given = len(rows.shots), len(pieces.takes)
    # The provider joins exactly one take of each shot. Where the count is wrong, nobody can tell
    # which take was meant for which shot, so none of them is judged.
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
    # The id comes from a form, so it may be that of a take of another segment, or of nothing.
    take = rows.by_remote_id.get(remote_id)
    if not remote_id:
        yield Obstacle(REQUIRED[kind], where)
    elif take is None:
        yield Obstacle("take_unknown", {**where, "number": remote_id})
    elif segment is None or take.segment_id != segment.pk:
        yield Obstacle("take_misplaced", {**where, "number": remote_id})
    elif not take.is_stored:
        yield Obstacle("take_not_stored", {**where, "number": remote_id})


def _remote_id(take: Take | None) -> str:
    return take.remote_id if take else ""


# ---- What was spent -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BookedAmounts:
    """Amounts that were spent, and that are held for what runs, in the credential's unit.

    ``unknown`` counts the tasks that are in neither, because nobody knows what they cost.
    """

    spent: int = 0
    held: int = 0
    unknown: int = 0

    def __add__(self, other: "BookedAmounts") -> "BookedAmounts":
        return BookedAmounts(
            self.spent + other.spent, self.held + other.held, self.unknown + other.unknown
        )


NOTHING = BookedAmounts()


@dataclass(frozen=True, slots=True)
class Cost:
    """Cost of a film in the credential's unit. ``brief`` paid for the film as it first came.

    ``chosen`` and ``discarded``: spent on takes that are in the next cut, and on all others.
    ``unknown_…`` count the parts that are in no amount, because nobody knows what they cost.
    """

    brief: int
    chosen: int
    discarded: int
    cuts: int
    held: int
    unknown_brief: int = 0
    unknown_chosen: int = 0
    unknown_discarded: int = 0
    unknown_cuts: int = 0

    @property
    def unknown(self) -> int:
        return self.unknown_well + self.unknown_discarded

    @property
    def unknown_well(self) -> int:
        """Those that are in the next cut, with the film as it first came and all cuts."""
        return self.unknown_brief + self.unknown_chosen + self.unknown_cuts

    @property
    def spent(self) -> int:
        return self.brief + self.chosen + self.discarded + self.cuts


def booked(rows: FilmRows) -> Mapping[int, BookedAmounts]:
    """Return what is booked for all orders of a film, by task id."""
    tasks = [each.task_id for each in (*rows.takes, *rows.cuts) if each.task_id]
    return booked_by_task([rows.film.task_id, *tasks])


def booked_by_task(tasks: Iterable[int]) -> Mapping[int, BookedAmounts]:
    """Return what is booked, by task id, in one query."""
    attempts = Attempt.objects.filter(task__in=list(tasks)).order_by()
    has_clip = Q(task__state=TaskState.SUCCEEDED)
    sums = attempts.values_list("task").annotate(
        spent=Sum("booked", default=0),
        # Nothing is booked for what still runs, nor for what ended at a cost that nobody knows.
        holds=Sum("estimate", filter=Q(booked=None) & ~has_clip, default=0),
        unknown=Count("pk", filter=has_clip & Q(booked=None, state=AttemptState.ACCEPTED)),
    )
    return {task: BookedAmounts(*amounts) for task, *amounts in sums}


def cost(rows: FilmRows, of: Mapping[int, BookedAmounts]) -> Cost:
    """Return what the whole film cost so far."""
    chosen_pks = {segment.chosen_id for segment in rows.segments}
    chosen = discarded = NOTHING
    for take in rows.takes:
        # A take that came with the film has no task of its own: the brief paid for it.
        amount = of.get(take.task_id or 0, NOTHING)
        if take.pk in chosen_pks:
            chosen += amount
        else:
            discarded += amount
    cuts = sum((of.get(cut.task_id or 0, NOTHING) for cut in rows.cuts), NOTHING)
    brief = of.get(rows.film.task_id, NOTHING)
    whole = brief + chosen + discarded + cuts
    return Cost(
        brief=brief.spent,
        chosen=chosen.spent,
        discarded=discarded.spent,
        cuts=cuts.spent,
        held=whole.held,
        unknown_brief=brief.unknown,
        unknown_chosen=chosen.unknown,
        unknown_discarded=discarded.unknown,
        unknown_cuts=cuts.unknown,
    )
