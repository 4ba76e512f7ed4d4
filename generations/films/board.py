"""A film as its board shows it, read in a constant number of queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max

from generations.models import Composition, File, Film, Strip, Take, Task
from generations.models.films import StripKind
from generations.models.tasks import TaskState

from .checks import Obstacle, chosen_pieces, obstacles
from .data import ENDED_BADLY, ORDER, Booked, Cost, Place, Rows, booked, cost
from .order import prices

NOTHING = Booked()


@dataclass(frozen=True, slots=True)
class Difference:
    """A strip with what stands there in the one and in the other, by the provider's numbers."""

    kind: str
    shot: int
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BoardTake:
    """One version of a strip. ``number`` counts from 1; ``remote`` is the provider's number.

    ``state`` is a task's state; ``task`` made it, None where it came with the film; ``file`` is
    what is or will be kept of it. ``cuts`` are the numbers of the compositions that it is in.
    """

    pk: int
    number: int
    remote: str
    prompt: str
    state: str
    code: str
    alarm: str
    is_missing: bool
    is_chosen: bool
    cuts: tuple[int, ...]
    cost: int
    held: int
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
    def ended_badly(self) -> bool:
        return self.state in ENDED_BADLY


@dataclass(frozen=True, slots=True)
class BoardStrip:
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
    def held(self) -> int:
        return sum(take.held for take in self.takes)


@dataclass(frozen=True, slots=True)
class BoardCut:
    """A composition. ``pieces``: for each strip, by kind and index, the provider's numbers."""

    pk: int
    number: int
    remote: str
    state: str
    code: str
    alarm: str
    is_missing: bool
    is_newest: bool
    pieces: Mapping[Place, Sequence[str]]
    cost: int
    held: int
    made_at: datetime
    task: Task | None
    file: File | None


def version(film: Film) -> int:
    """The last change of a film or of any of its tasks, as the team's sequence counts."""
    of_film = Film.objects.filter(pk=film.pk).values_list("version", "task__version")
    of_parts = [
        rows.filter(film=film).aggregate(last=Max("task__version"))["last"] or 0
        for rows in (Take.objects, Composition.objects)
    ]
    return max(*of_film[0], *of_parts)


def stale(rows: Rows) -> tuple[Difference, ...]:
    """What is chosen now and not in the newest cut; nothing where there is no cut."""
    newest = rows.newest_cut
    if newest is None:
        return ()
    return differences(rows.numbers_of(newest), rows.chosen_numbers())


@dataclass(frozen=True, slots=True)
class Board:
    """All of a film. ``stale``: where the newest cut is not what is chosen now.

    ``obstacles`` are in the way of composing what is chosen; ``prices`` by kind of task, None where
    no such task was ever paid. ``version`` is for asking later what has changed.
    """

    film: Film
    shots: tuple[BoardStrip, ...]
    narration: BoardStrip | None
    music: BoardStrip | None
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
        """How long the next cut is, as far as its takes are here."""
        chosen = (shot.chosen for shot in self.shots)
        return sum(take.milliseconds or 0 for take in chosen if take)

    def take(self, remote: str) -> BoardTake | None:
        """The take that has this number at the provider."""
        sound = [strip for strip in (self.narration, self.music) if strip]
        takes = (take for strip in (*self.shots, *sound) for take in strip.takes)
        return next((take for take in takes if take.remote == remote), None)


def load_board(film: Film) -> Board:
    """The whole film; ``film`` with its task and credential read along."""
    rows = Rows(film)
    of = booked(rows)
    pieces = {cut.pk: rows.numbers_of(cut) for cut in rows.cuts}
    strips = [_strip(strip, rows, pieces, of) for strip in rows.strips]
    newest = rows.newest_cut
    chosen = rows.chosen_numbers()
    return Board(
        film=film,
        shots=tuple(strip for strip in strips if strip.kind == StripKind.SHOT),
        narration=_only(strips, StripKind.NARRATION),
        music=_only(strips, StripKind.MUSIC),
        cuts=tuple(_cut(cut, cut == newest, pieces[cut.pk], of) for cut in rows.cuts),
        stale=differences(pieces[newest.pk], chosen) if newest else (),
        obstacles=obstacles(rows, chosen_pieces(rows)),
        cost=cost(rows, of),
        prices=prices(film.task.credential),
        version=version(film),
    )


def _only(strips: Sequence[BoardStrip], kind: StripKind) -> BoardStrip | None:
    return next((strip for strip in strips if strip.kind == kind), None)


def _strip(
    strip: Strip,
    rows: Rows,
    pieces: Mapping[int, Mapping[Place, Sequence[str]]],
    of: Mapping[int, Booked],
) -> BoardStrip:
    place = (strip.kind, strip.ordinal)
    used = {cut.ordinal + 1: pieces[cut.pk].get(place, ()) for cut in rows.cuts}
    takes = (
        _take(take, strip, [cut for cut, numbers in used.items() if take.number in numbers], of)
        for take in rows.takes_of(strip)
    )
    return BoardStrip(strip.pk, strip.kind, strip.ordinal, tuple(takes))


def _take(take: Take, strip: Strip, cuts: Sequence[int], of: Mapping[int, Booked]) -> BoardTake:
    amount = of.get(take.task_id or 0, NOTHING)
    return BoardTake(
        pk=take.pk,
        number=take.ordinal + 1,
        remote=take.number,
        prompt=take.prompt,
        state=take.status,
        code=take.task.code if take.task else take.code,
        alarm=take.alarm or (take.task.alarm if take.task else ""),
        is_missing=take.missing_at is not None,
        is_chosen=take.pk == strip.chosen_id,
        cuts=tuple(cuts),
        cost=amount.spent,
        held=amount.held,
        made_at=take.created_at,
        task=take.task,
        file=take.file,
    )


def _cut(
    cut: Composition,
    is_newest: bool,
    pieces: Mapping[Place, Sequence[str]],
    of: Mapping[int, Booked],
) -> BoardCut:
    amount = of.get(cut.task_id or 0, NOTHING)
    return BoardCut(
        pk=cut.pk,
        number=cut.ordinal + 1,
        remote=cut.number,
        state=cut.status,
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


def compare(film: Film, one: Composition, other: Composition) -> tuple[Difference, ...]:
    """In which strips two cuts of a film differ."""
    rows = Rows(film)
    return differences(rows.numbers_of(one), rows.numbers_of(other))


def differences(
    before: Mapping[Place, Sequence[str]], after: Mapping[Place, Sequence[str]]
) -> tuple[Difference, ...]:
    """In the order of a board."""
    found = (
        Difference(kind, shot, tuple(before.get(place, ())), tuple(after.get(place, ())))
        for place in before.keys() | after.keys()
        for kind, shot in [place]
    )
    differing = (each for each in found if each.before != each.after)
    return tuple(sorted(differing, key=lambda each: (ORDER[StripKind(each.kind)], each.shot)))
