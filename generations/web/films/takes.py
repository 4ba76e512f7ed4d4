"""The takes of one strip of a film, and what one more of them costs."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property, lru_cache

from django.urls import reverse
from django.utils.translation import gettext, ngettext

from generations.films import Board, BoardTake
from generations.models.files import FilePart, FileState
from generations.models.films import RETAKES, StripKind
from generations.models.tasks import TaskState
from generations.templatetags.formats import amount
from generations.web.layout.cards import Card
from generations.web.messages import failures

from . import messages
from .timeline import Row

TYPES = {  # 2.13: what an edit says that it makes
    StripKind.SHOT: "generate_video",
    StripKind.NARRATION: "generate_narration",
    StripKind.MUSIC: "generate_bgm",
}
COUNTS = (1, 2, 3, 4)


PIECES = re.compile(r"[\u3400-\u9fff]|\w+|\s+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Piece:
    """Some of the words; ``kind`` is same, gone or new."""

    kind: str
    text: str


@dataclass(frozen=True)
class Tile:
    """One take; ``card`` while it is under way; ``words``: its prompt beside ``against``'s."""

    take: BoardTake
    kind: str
    card: Card | None
    against: int = 0
    failures: Sequence[Piece] = ()

    @property
    def name(self) -> str:
        return messages.version(self.kind, self.take.number)

    @property
    def other(self) -> str:
        return messages.version(self.kind, self.against)

    @property
    def use(self) -> str:
        """What the button says that puts it into the next cut."""
        return gettext("Use %(take)s") % {"take": self.name}

    @property
    def cuts(self) -> str:
        return ", ".join(map(str, self.take.cuts))

    @property
    def address(self) -> str:
        """Where its stored file is."""
        file = self.take.file
        name = "clip.mp4" if file and file.part == FilePart.VIDEO else "audio"
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
        return messages.alarm(self.take.alarm)

    @property
    def cause(self) -> object:
        return failures.failure(self.take.code, "").cause


class Takes:
    """All takes of the strip in ``row``; ``cards`` by task, of those that are under way."""

    def __init__(self, board: Board, row: Row, cards: Mapping[int, Card], unit: str) -> None:
        self.board, self.strip, self.cards, self.unit = board, row.strip, cards, unit
        self.kind = StripKind(row.strip.kind)

    @cached_property
    def tiles(self) -> list[Tile]:
        """Those that did not end badly."""
        return [self._tile(take) for take in self.strip.takes if not take.ended_badly]

    @cached_property
    def failed(self) -> list[Tile]:
        return [self._tile(take) for take in self.strip.takes if take.ended_badly]

    def _tile(self, take: BoardTake) -> Tile:
        card, other = self.cards.get(take.task.pk) if take.task else None, self._reference
        if other is None or other == take or not take.prompt:
            return Tile(take, self.kind, card)
        return Tile(take, self.kind, card, other.number, wording(other.prompt, take.prompt))

    @cached_property
    def _reference(self) -> BoardTake | None:
        """The take in the newest cut, else the chosen one: what the others are compared to."""
        cut = self.board.newest_cut
        numbers = cut.pieces.get((self.strip.kind, self.strip.shot), ()) if cut else ()
        in_cut = (take for take in self.strip.takes if take.remote and take.remote in numbers)
        return next(in_cut, self.strip.chosen)

    @property
    def price(self) -> int | None:
        """Of one more."""
        return self.board.prices[RETAKES[self.kind]]

    @property
    def type(self) -> str:
        return TYPES[self.kind]

    @property
    def labels(self) -> list[str]:
        """What the button says for one, two and more of them at once."""
        return [self._label(count) for count in COUNTS]

    def _label(self, count: int) -> str:
        if self.kind == StripKind.SHOT:
            word = ngettext("New take", "%(count)s new takes", count)
        else:
            word = ngettext("New version", "%(count)s new versions", count)
        said = word % {"count": count}
        return said if self.price is None else f"{said} · {amount(self.price * count, self.unit)}"


@lru_cache(maxsize=256)  # a board that is open asks for the same ones every few seconds
def wording(before: str, after: str) -> tuple[Piece, ...]:
    """The words of both, in order: what both have, what only the one or only the other has."""
    return tuple(_pieces(PIECES.findall(before), PIECES.findall(after)))


def _pieces(before: list[str], after: list[str]) -> Iterator[Piece]:
    for kind, low, high, start, end in SequenceMatcher(None, before, after).get_opcodes():
        if kind == "equal":
            yield Piece("same", "".join(after[start:end]))
            continue
        if gone := "".join(before[low:high]):
            yield Piece("gone", gone)
        if new := "".join(after[start:end]):
            yield Piece("new", new)
