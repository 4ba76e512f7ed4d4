"""The takes of one segment of a film, and what one more of them costs."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property, lru_cache

from django.urls import reverse
from django.utils.translation import gettext, ngettext

from generations.films import Board, BoardTake
from generations.models.files import FileRole, FileState
from generations.models.films import TAKE_KINDS, SegmentKind
from generations.models.tasks import TaskState
from generations.templatetags.formats import amount
from generations.web.layout.cards import Card
from generations.web.messages import films
from generations.web.messages.reasons import explain_order

from .timeline import Row

COUNTS = (1, 2, 3, 4)
# A Chinese letter is a word of its own, because nothing separates words.
WORDS = re.compile(r"[\u3400-\u9fff]|\w+|\s+|[^\w\s]")


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
        """The address of its stored file, "" where it has none."""
        file = self.take.file
        name = "clip.mp4" if file and file.role == FileRole.VIDEO else "audio"
        return reverse("file", args=[file.pk, name]) if file else ""

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
    """All takes of the segment in ``row``; ``cards`` by task, of those that are under way."""

    def __init__(self, board: Board, row: Row, cards: Mapping[int, Card], unit: str) -> None:
        self.board, self.segment, self.cards, self.unit = board, row.segment, cards, unit
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
    def price(self) -> int | None:
        """The price of one more, None where none was paid yet."""
        return self.board.prices[TAKE_KINDS[self.kind]]

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
        return label if self.price is None else f"{label} · {amount(self.price * count, self.unit)}"


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
