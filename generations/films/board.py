"""Films as pages show them: one on its board, many in a list; never more queries for more rows."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max

from generations.models import Cut, File, Film, Segment, Take, Task
from generations.models.films import SegmentKind
from generations.models.tasks import TaskState

from .order import last_prices
from .rows import (
    NOTHING,
    ORDER,
    UNSUCCESSFUL,
    BookedAmounts,
    Cost,
    FilmRows,
    Obstacle,
    SegmentKey,
    booked,
    booked_by_task,
    chosen_selection,
    cost,
    obstacles,
)


@dataclass(frozen=True, slots=True)
class Difference:
    """A segment and its pieces in one cut and in another, by remote id."""

    kind: str
    shot: int
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BoardTake:
    """One version of a segment. ``number`` counts from 1.

    ``state`` is a task's state; ``task`` made it, None where it came with the film; ``file`` is
    what is or will be kept of it. ``cuts`` are the numbers of the cuts that it is in. ``unknown``
    is 1 where nobody knows what it cost.
    """

    pk: int
    number: int
    remote_id: str
    prompt: str
    state: str
    reason: str
    code: str
    alarm: str
    is_missing: bool
    is_chosen: bool
    cuts: tuple[int, ...]
    cost: int
    held: int
    unknown: int
    made_at: datetime
    task: Task | None
    file: File | None

    @property
    def milliseconds(self) -> int | None:
        return self.file.duration_ms if self.file else None

    @property
    def may_be_chosen(self) -> bool:
        return self.state == TaskState.SUCCEEDED and self.is_stored

    @property
    def is_stored(self) -> bool:
        return self.file is not None and self.file.is_stored

    @property
    def is_unsuccessful(self) -> bool:
        return self.state in UNSUCCESSFUL


@dataclass(frozen=True, slots=True)
class BoardSegment:
    """A shot, the narration or the music; ``shot`` is its index from 0, 0 for the other two."""

    pk: int
    kind: str
    shot: int
    takes: tuple[BoardTake, ...]

    @property
    def chosen(self) -> BoardTake | None:
        return next((take for take in self.takes if take.is_chosen), None)

    @property
    def spent_on_chosen(self) -> int:
        return sum(take.cost for take in self.takes if take.is_chosen)

    @property
    def spent_on_discarded(self) -> int:
        return sum(take.cost for take in self.takes if not take.is_chosen)

    @property
    def unknown_on_chosen(self) -> int:
        return sum(take.unknown for take in self.takes if take.is_chosen)

    @property
    def unknown_on_discarded(self) -> int:
        return sum(take.unknown for take in self.takes if not take.is_chosen)

    @property
    def held(self) -> int:
        return sum(take.held for take in self.takes)


@dataclass(frozen=True, slots=True)
class BoardCut:
    """A cut. ``pieces``: for each segment, by kind and index, the remote ids."""

    pk: int
    number: int
    remote_id: str
    state: str
    reason: str
    code: str
    alarm: str
    is_missing: bool
    is_newest: bool
    pieces: Mapping[SegmentKey, Sequence[str]]
    cost: int
    held: int
    made_at: datetime
    task: Task | None
    file: File | None


@dataclass(frozen=True, slots=True)
class Board:
    """All of a film. ``stale``: where the newest cut is not what is chosen now.

    ``obstacles`` are in the way of composing what is chosen; ``prices`` by kind of task, None where
    no such task was ever paid. ``version`` is for asking later what has changed.
    """

    film: Film
    shots: tuple[BoardSegment, ...]
    narration: BoardSegment | None
    music: BoardSegment | None
    cuts: tuple[BoardCut, ...]
    stale: tuple[Difference, ...]
    obstacles: tuple[Obstacle, ...]
    cost: Cost
    prices: Mapping[str, int | None]
    version: int

    @property
    def newest_cut(self) -> BoardCut | None:
        return next((cut for cut in self.cuts if cut.is_newest), None)

    @property
    def milliseconds(self) -> int:
        """Return the length of the next cut, as far as its takes are stored."""
        chosen = (shot.chosen for shot in self.shots)
        return sum(take.milliseconds or 0 for take in chosen if take)

    def take(self, remote_id: str) -> BoardTake | None:
        """Return the take with this remote id."""
        sound = [segment for segment in (self.narration, self.music) if segment]
        takes = (take for segment in (*self.shots, *sound) for take in segment.takes)
        return next((take for take in takes if take.remote_id == remote_id), None)


def load_board(film: Film) -> Board:
    """Load a whole film; ``film`` comes with its task and credential (``for_board``)."""
    rows = FilmRows(film)
    of = booked(rows)
    pieces = {cut.pk: rows.piece_ids(cut) for cut in rows.cuts}
    segments = [_segment(segment, rows, pieces, of) for segment in rows.segments]
    newest = rows.newest_cut
    chosen = rows.chosen_ids()
    return Board(
        film=film,
        shots=tuple(segment for segment in segments if segment.kind == SegmentKind.SHOT),
        narration=_only(segments, SegmentKind.NARRATION),
        music=_only(segments, SegmentKind.MUSIC),
        cuts=tuple(_cut(cut, cut == newest, pieces[cut.pk], of) for cut in rows.cuts),
        stale=differences(pieces[newest.pk], chosen) if newest else (),
        obstacles=obstacles(rows, chosen_selection(rows)),
        cost=cost(rows, of),
        prices=last_prices(film.task.credential),
        version=board_version(film),
    )


def board_version(film: Film) -> int:
    """Return the team's sequence at the last change of a film or of any of its tasks."""
    # A part that is being made moves only its task's version, not the film's.
    of_film = Film.objects.filter(pk=film.pk).values_list("version", "task__version")
    of_parts = [
        rows.filter(film=film).aggregate(last=Max("task__version"))["last"] or 0
        for rows in (Take.objects, Cut.objects)
    ]
    return max(*of_film[0], *of_parts)


def compare(film: Film, one: Cut, other: Cut) -> tuple[Difference, ...]:
    """Return the segments in which two cuts of a film differ."""
    rows = FilmRows(film)
    return differences(rows.piece_ids(one), rows.piece_ids(other))


def differences(
    before: Mapping[SegmentKey, Sequence[str]], after: Mapping[SegmentKey, Sequence[str]]
) -> tuple[Difference, ...]:
    """Return the differing segments in the order of a board."""
    found = (
        Difference(*place, tuple(before.get(place, ())), tuple(after.get(place, ())))
        for place in before.keys() | after.keys()
    )
    differing = (each for each in found if each.before != each.after)
    return tuple(sorted(differing, key=lambda each: (ORDER[SegmentKind(each.kind)], each.shot)))


def _only(segments: Sequence[BoardSegment], kind: SegmentKind) -> BoardSegment | None:
    return next((segment for segment in segments if segment.kind == kind), None)


def _segment(
    segment: Segment,
    rows: FilmRows,
    pieces: Mapping[int, Mapping[SegmentKey, Sequence[str]]],
    of: Mapping[int, BookedAmounts],
) -> BoardSegment:
    place = (segment.kind, segment.ordinal)
    used = {cut.ordinal + 1: pieces[cut.pk].get(place, ()) for cut in rows.cuts}
    takes = (
        _take(take, segment, [cut for cut, joined in used.items() if take.remote_id in joined], of)
        for take in rows.takes_of(segment)
    )
    return BoardSegment(segment.pk, segment.kind, segment.ordinal, tuple(takes))


def _take(
    take: Take, segment: Segment, cuts: Sequence[int], of: Mapping[int, BookedAmounts]
) -> BoardTake:
    # What came with the film has no task of its own and costs nothing here: the brief paid for it.
    amount = of.get(take.task_id or 0, NOTHING)
    return BoardTake(
        pk=take.pk,
        number=take.ordinal + 1,
        remote_id=take.remote_id,
        prompt=take.prompt,
        state=take.status,
        reason=take.task.reason if take.task else take.reason,
        code=take.task.code if take.task else take.code,
        alarm=take.alarm or (take.task.alarm if take.task else ""),
        is_missing=take.missing_at is not None,
        is_chosen=take.pk == segment.chosen_id,
        cuts=tuple(cuts),
        cost=amount.spent,
        held=amount.held,
        unknown=amount.unknown,
        made_at=take.created_at,
        task=take.task,
        file=take.file,
    )


def _cut(
    cut: Cut,
    is_newest: bool,
    pieces: Mapping[SegmentKey, Sequence[str]],
    of: Mapping[int, BookedAmounts],
) -> BoardCut:
    amount = of.get(cut.task_id or 0, NOTHING)
    return BoardCut(
        pk=cut.pk,
        number=cut.ordinal + 1,
        remote_id=cut.remote_id,
        state=cut.status,
        reason=cut.task.reason if cut.task else cut.reason,
        code=cut.task.code if cut.task else cut.code,
        alarm=cut.alarm or (cut.task.alarm if cut.task else ""),
        is_missing=cut.missing_at is not None,
        is_newest=is_newest,
        pieces=pieces,
        cost=amount.spent,
        held=amount.held,
        made_at=cut.created_at,
        task=cut.task,
        file=cut.file,
    )


# ---- The list -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FilmCard:
    """A film in a list. ``still``: a stored file of its newest cut, else of its first shot.

    ``cuts`` counts those that did not fail; ``spent`` is in the credential's unit, and ``unknown``
    counts the orders that are not in it, because nobody knows what they cost.
    """

    film: Film
    still: File | None
    shots: int
    cuts: int
    spent: int
    unknown: int


def list_films(films: Sequence[Film]) -> list[FilmCard]:
    """Return a card for each film; ``films`` come from ``for_board``."""
    shots = Segment.objects.filter(film__in=films, kind=SegmentKind.SHOT)
    counts = Counter(shots.values_list("film", flat=True))
    firsts = shots.filter(ordinal=0).select_related("chosen__file")
    stills = {shot.film_id: _stored_file(shot.chosen) for shot in firsts}
    cuts = defaultdict(list)
    for cut in Cut.objects.filter(film__in=films).select_related("task", "file"):
        if cut.status not in UNSUCCESSFUL:
            cuts[cut.film_id].append(cut)
    of_task = _film_of_task(films)
    amounts = _booked_by_film(of_task)
    return [
        FilmCard(
            film,
            _newest_file(cuts[film.pk]) or stills.get(film.pk),
            counts[film.pk],
            len(cuts[film.pk]),
            amounts[film.pk].spent,
            amounts[film.pk].unknown,
        )
        for film in films
    ]


def _stored_file(part: Take | Cut | None) -> File | None:
    return part.file if part and part.is_stored else None


def _newest_file(cuts: Iterable[Cut]) -> File | None:
    """Return the file of the newest cut that is stored."""
    kept = [cut for cut in cuts if cut.is_stored]
    return _stored_file(max(kept, key=lambda cut: cut.ordinal, default=None))


def _film_of_task(films: Sequence[Film]) -> dict[int, int]:
    """Return the film of each order of a film, by task id: the ledger knows tasks and no films."""
    of_task = {film.task_id: film.pk for film in films}
    for rows in (Take.objects, Cut.objects):
        parts = rows.filter(film__in=films, task__isnull=False)
        of_task |= dict(parts.values_list("task", "film"))
    return of_task


def _booked_by_film(of_task: Mapping[int, int]) -> dict[int, BookedAmounts]:
    """Return what is booked for all orders of a film, by film id."""
    sums: dict[int, BookedAmounts] = defaultdict(BookedAmounts)
    for task, amounts in booked_by_task(of_task).items():
        sums[of_task[task]] += amounts
    return sums
