"""The time axis of a film's board: its shots in order, its narration and its music."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from generations.films import Board, BoardCut, BoardSegment, BoardTake
from generations.models.files import FileState
from generations.models.films import SegmentKind
from generations.models.tasks import LIVE, TaskState
from generations.web.messages import films

SOUNDS = (SegmentKind.NARRATION, SegmentKind.MUSIC)


def segment_name(kind: str, shot: int) -> str:
    """Return how an address names a segment: ``1`` for shot 0, ``narration``, ``music``."""
    return str(shot + 1) if kind == SegmentKind.SHOT else kind


def is_being_fetched(part: BoardTake | BoardCut) -> bool:
    """Return whether its file is on its way here."""
    if part.state != TaskState.SUCCEEDED:
        return False
    return part.file is None or part.file.state in {FileState.REMOTE, FileState.FETCHING}


@dataclass(frozen=True)
class Row:
    """A segment on the axis; ``start`` and ``length`` in milliseconds.

    ``is_current`` where its takes are shown; ``is_changed`` where the newest cut has another take.
    """

    segment: BoardSegment
    start: int
    length: int
    is_current: bool
    is_changed: bool

    @property
    def at(self) -> str:
        return segment_name(self.segment.kind, self.segment.shot)

    @property
    def title(self) -> str:
        return films.where(self.segment.kind, self.segment.shot)

    @property
    def starts(self) -> float:
        return self.start / 1000

    @property
    def seconds(self) -> int:
        return max(round(self.length / 1000), 1)

    @property
    def prompt(self) -> str:
        return self.segment.chosen.prompt if self.segment.chosen else ""

    @property
    def is_heard(self) -> bool:
        return self.segment.kind in SOUNDS

    @property
    def spent(self) -> int:
        return self.segment.spent_on_chosen + self.segment.spent_on_discarded

    @cached_property
    def moving(self) -> Sequence[BoardTake]:
        """Its takes that are under way."""
        return [take for take in self.segment.takes if take.state in LIVE or is_being_fetched(take)]

    @property
    def moving_word(self) -> str:
        """Which of its takes is under way: "take 4"."""
        return films.version(self.segment.kind, self.moving[0].number) if self.moving else ""


class Axis:
    """``at`` is the segment whose takes are shown; the first where there is none of that name."""

    def __init__(self, board: Board, at: str) -> None:
        self.board = board
        self.segments: Mapping[str, BoardSegment] = {
            segment_name(one.kind, one.shot): one
            for one in (*board.shots, board.narration, board.music)
            if one
        }
        self.at = at if at in self.segments else next(iter(self.segments), "")
        self._changed = {segment_name(one.kind, one.shot) for one in board.stale}

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
        sounds = [segment for segment in self.segments.values() if segment.kind in SOUNDS]
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
        """The segment whose takes are shown."""
        return next((row for row in self.rows if row.is_current), None)

    def _length(self, shot: BoardSegment) -> int:
        """Return the length of its chosen take, else its share of the film's length."""
        known = shot.chosen.milliseconds if shot.chosen else None
        seconds = self.board.film.task.duration or 15
        return known or round(seconds * 1000 / len(self.board.shots))

    def _row(self, segment: BoardSegment, start: int, length: int) -> Row:
        at = segment_name(segment.kind, segment.shot)
        return Row(segment, start, length, at == self.at, at in self._changed)
