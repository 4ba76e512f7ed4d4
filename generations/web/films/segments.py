"""The segments of a film: all of them on the axis of time, and the takes of one of them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import cached_property, lru_cache
from itertools import accumulate

from django.utils.translation import gettext, ngettext

from generations.films import Board, BoardCut, BoardSegment, BoardTake
from generations.models.files import FileState
from generations.models.films import SegmentKind
from generations.models.tasks import LIVE, TaskState
from generations.templatetags.addresses import play_url
from generations.web.layout.cards import Card
from generations.web.layout.estimates import ShownEstimate
from generations.web.messages import films
from generations.web.messages.reasons import explain_order

COUNTS = (1, 2, 3, 4)
# A Chinese letter is a word of its own, because nothing separates words.
WORDS = re.compile(r"[\u3400-\u9fff]|\w+|\s+|[^\w\s]")
SOUNDS = (SegmentKind.NARRATION, SegmentKind.MUSIC)


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

    @property
    def unknown(self) -> int:
        """How many of its takes are in no amount, because nobody knows what they cost."""
        return self.segment.unknown_on_chosen + self.segment.unknown_on_discarded

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
        # 15 s is what Vidu makes where an order names no length (docs/wire.md, 2.13).
        seconds = self.board.film.task.duration or 15
        return known or round(seconds * 1000 / len(self.board.shots))

    def _row(self, segment: BoardSegment, start: int, length: int) -> Row:
        at = segment_name(segment.kind, segment.shot)
        return Row(segment, start, length, at == self.at, at in self._changed)


def segment_name(kind: str, shot: int) -> str:
    """Return how an address names a segment: ``1`` for shot 0, ``narration``, ``music``."""
    return str(shot + 1) if kind == SegmentKind.SHOT else kind


def is_being_fetched(part: BoardTake | BoardCut) -> bool:
    """Return whether its file is on its way here."""
    if part.state != TaskState.SUCCEEDED:
        return False
    # Without a file: it succeeded, but the link has not been read yet.
    return part.file is None or part.file.state in {FileState.REMOTE, FileState.FETCHING}


@dataclass(frozen=True, slots=True)
class TextPiece:
    """Some words of two prompts; ``kind`` is ``same``, ``gone`` or ``new``."""

    kind: str
    text: str


@dataclass(frozen=True)
class Tile:
    """One take. ``card`` is set while it is under way.

    ``words`` compare its prompt with that of the take whose number is ``against``.
    """

    take: BoardTake
    kind: str
    card: Card | None
    against: int = 0
    words: Sequence[TextPiece] = ()

    @property
    def name(self) -> str:
        return films.version(self.kind, self.take.number)

    @property
    def other(self) -> str:
        return films.version(self.kind, self.against)

    @property
    def use(self) -> str:
        """The label of the button that puts it into the next cut."""
        return gettext("Use %(take)s") % {"take": self.name}

    @property
    def cuts(self) -> str:
        return ", ".join(map(str, self.take.cuts))

    @property
    def address(self) -> str:
        """The address of what a browser plays of it, "" where it has no file."""
        return play_url(self.take.file) if self.take.file else ""

    @property
    def shows(self) -> str:
        """What its frame shows: a state's word, or fetching, stored, lost."""
        if self.take.state != TaskState.SUCCEEDED:
            return self.take.state
        if self.take.file is None or self.take.file.state == FileState.REMOTE:
            return str(FileState.FETCHING)
        return self.take.file.state

    @property
    def alarm(self) -> str:
        return films.alarm(self.take.alarm)

    @property
    def cause(self) -> object:
        return explain_order(self.take.reason, self.take.code, "").cause


class Takes:
    """All takes of the segment in ``row``; ``cards`` by task, of those that are under way.

    ``price`` is what one more of them will probably cost.
    """

    def __init__(
        self, board: Board, row: Row, cards: Mapping[int, Card], price: ShownEstimate
    ) -> None:
        self.board, self.segment, self.cards, self.price = board, row.segment, cards, price
        self.kind = SegmentKind(row.segment.kind)

    @cached_property
    def tiles(self) -> list[Tile]:
        """The takes that did not fail and were not cancelled."""
        return [self._tile(take) for take in self.segment.takes if not take.is_unsuccessful]

    @cached_property
    def failed(self) -> list[Tile]:
        return [self._tile(take) for take in self.segment.takes if take.is_unsuccessful]

    def _tile(self, take: BoardTake) -> Tile:
        card, other = self.cards.get(take.task.pk) if take.task else None, self._reference
        if other is None or other == take or not take.prompt:
            return Tile(take, self.kind, card)
        return Tile(take, self.kind, card, other.number, compare_words(other.prompt, take.prompt))

    @cached_property
    def _reference(self) -> BoardTake | None:
        """The take in the newest cut, else the chosen one: what the others are compared to."""
        cut = self.board.newest_cut
        numbers = cut.pieces.get((self.segment.kind, self.segment.shot), ()) if cut else ()
        in_cut = (
            take for take in self.segment.takes if take.remote_id and take.remote_id in numbers
        )
        return next(in_cut, self.segment.chosen)

    @property
    def labels(self) -> list[str]:
        """The label of the button for one, two and more of them at once."""
        return [self._label(count) for count in COUNTS]

    def _label(self, count: int) -> str:
        if self.kind == SegmentKind.SHOT:
            word = ngettext("New take", "%(count)s new takes", count)
        else:
            word = ngettext("New version", "%(count)s new versions", count)
        label = word % {"count": count}
        price = replace(self.price, count=count).in_button
        return f"{label} · {price}" if price else label


@lru_cache(maxsize=256)  # a board that is open asks for the same ones every few seconds
def compare_words(before: str, after: str) -> tuple[TextPiece, ...]:
    """Return the words of both prompts, in order, and which of them has each."""
    return tuple(_pieces(WORDS.findall(before), WORDS.findall(after)))


def _pieces(before: list[str], after: list[str]) -> Iterator[TextPiece]:
    for kind, low, high, start, end in SequenceMatcher(None, before, after).get_opcodes():
        if kind == "equal":
            yield TextPiece("same", "".join(after[start:end]))
            continue
        if gone := "".join(before[low:high]):
            yield TextPiece("gone", gone)
        if new := "".join(after[start:end]):
            yield TextPiece("new", new)
