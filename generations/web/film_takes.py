"""The takes of one strip of a film, and what one more of them costs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.urls import reverse
from django.utils.translation import gettext, ngettext

from generations.films import Board, BoardTake
from generations.models.files import FilePart, FileState
from generations.models.films import RETAKES, StripKind
from generations.models.tasks import TaskState
from generations.templatetags.look import amount

from . import film_words, words
from .cards import Card
from .film_axis import Row
from .film_wording import Piece, wording

TYPES = {  # 2.13: what an edit says that it makes
    StripKind.SHOT: "generate_video",
    StripKind.NARRATION: "generate_narration",
    StripKind.MUSIC: "generate_bgm",
}
COUNTS = (1, 2, 3, 4)


@dataclass(frozen=True)
class Tile:
    """One take; ``card`` while it is under way; ``words``: its prompt beside ``against``'s."""

    take: BoardTake
    kind: str
    card: Card | None
    against: int = 0
    words: Sequence[Piece] = ()

    @property
    def name(self) -> str:
        return film_words.version(self.kind, self.take.number)

    @property
    def other(self) -> str:
        return film_words.version(self.kind, self.against)

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
        return film_words.alarm(self.take.alarm)

    @property
    def cause(self) -> object:
        return words.failure(self.take.code, "").cause


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
