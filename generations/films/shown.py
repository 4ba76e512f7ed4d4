"""What the board of a film shows, as plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from generations.models import File, Film, Task
from generations.models.tasks import TaskState

from .costs import Cost
from .cutting import Difference
from .refusals import Obstacle
from .rows import ENDED_BADLY, Place


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
