"""The time axis of a film's board: its shots in order, its narration and its music."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from generations.films import Board, BoardCut, BoardStrip, BoardTake
from generations.models.files import FileState
from generations.models.films import StripKind
from generations.models.tasks import LIVE, TaskState

from . import messages

SOUNDS = (StripKind.NARRATION, StripKind.MUSIC)


def place(kind: str, shot: int) -> str:
    """How an address names a strip: 1, narration, music."""
    return str(shot + 1) if kind == StripKind.SHOT else kind


def is_fetched(part: BoardTake | BoardCut) -> bool:
    """Whether its file is on its way."""
    if part.state != TaskState.SUCCEEDED:
        return False
    return part.file is None or part.file.state in {FileState.REMOTE, FileState.FETCHING}


@dataclass(frozen=True)
class Row:
    """A strip on the axis; ``start`` and ``length`` in milliseconds.

    ``is_current`` where its takes are shown; ``is_changed`` where the newest cut has another take.
    """

    strip: BoardStrip
    start: int
    length: int
    is_current: bool
    is_changed: bool

    @property
    def at(self) -> str:
        return place(self.strip.kind, self.strip.shot)

    @property
    def title(self) -> str:
        return messages.where(self.strip.kind, self.strip.shot)

    @property
    def starts(self) -> float:
        return self.start / 1000

    @property
    def seconds(self) -> int:
        return max(round(self.length / 1000), 1)

    @property
    def prompt(self) -> str:
        return self.strip.chosen.prompt if self.strip.chosen else ""

    @property
    def is_heard(self) -> bool:
        return self.strip.kind in SOUNDS

    @property
    def spent(self) -> int:
        return self.strip.spent_on_chosen + self.strip.spent_on_discarded

    @cached_property
    def moving(self) -> Sequence[BoardTake]:
        """Its takes that are under way."""
        return [take for take in self.strip.takes if take.state in LIVE or is_fetched(take)]

    @property
    def moving_word(self) -> str:
        """Which of its takes is under way: "take 4"."""
        return messages.version(self.strip.kind, self.moving[0].number) if self.moving else ""


class Axis:
    """``at`` is the strip whose takes are shown; the first where there is none of that name."""

    def __init__(self, board: Board, at: str) -> None:
        self.board = board
        self.strips: Mapping[str, BoardStrip] = {
            place(one.kind, one.shot): one for one in _strips(board)
        }
        self.at = at if at in self.strips else next(iter(self.strips), "")
        self._changed = {place(one.kind, one.shot) for one in board.stale}

    @cached_property
    def shots(self) -> list[Row]:
        lengths = [self._length(shot) for shot in self.board.shots]
        starts = accumulate(lengths, initial=0)
        return [
            self._row(shot, start, length)
            for shot, start, length in zip(self.board.shots, starts, lengths, strict=False)
        ]

    @cached_property
    def sounds(self) -> list[Row]:
        sounds = [strip for strip in self.strips.values() if strip.kind in SOUNDS]
        return [self._row(one, 0, (one.chosen and one.chosen.milliseconds) or 0) for one in sounds]

    @property
    def rows(self) -> list[Row]:
        return [*self.shots, *self.sounds]

    @property
    def length(self) -> int:
        """Milliseconds."""
        return sum(row.length for row in self.shots)

    @cached_property
    def row(self) -> Row | None:
        """The strip whose takes are shown."""
        return next((row for row in self.rows if row.is_current), None)

    def _length(self, shot: BoardStrip) -> int:
        """As long as its chosen take, else its part of what was asked for."""
        known = shot.chosen.milliseconds if shot.chosen else None
        seconds = self.board.film.task.duration or 15
        return known or round(seconds * 1000 / len(self.board.shots))

    def _row(self, strip: BoardStrip, start: int, length: int) -> Row:
        at = place(strip.kind, strip.shot)
        return Row(strip, start, length, at == self.at, at in self._changed)


def _strips(board: Board) -> Iterator[BoardStrip]:
    yield from board.shots
    yield from (one for one in (board.narration, board.music) if one)
