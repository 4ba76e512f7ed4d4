"""The cuts of a film: what each was made of, and where they differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from generations.films import Board, BoardCut, BoardStrip, Difference
from generations.films.board import differences
from generations.models.files import FileState
from generations.models.films import COMPOSE
from generations.models.tasks import TaskState
from generations.sharing import review
from generations.templatetags.formats import amount, sentences
from generations.web.layout.cards import Card
from generations.web.messages import failures

from . import messages
from .messages import Change
from .timeline import Axis, place


@dataclass(frozen=True)
class Cut:
    """One composition; ``made_of``: what stands in each strip, in words."""

    cut: BoardCut
    card: Card | None
    made_of: Sequence[tuple[str, str]]
    is_approved: bool  # by a client, and the same file since

    @property
    def is_here(self) -> bool:
        return self.cut.file is not None and self.cut.file.is_stored

    @property
    def shows(self) -> str:
        if self.cut.state != TaskState.SUCCEEDED:
            return self.cut.state
        return self.cut.file.state if self.cut.file else str(FileState.REMOTE)

    @property
    def cause(self) -> object:
        return failures.failure(self.cut.code, "").cause

    @property
    def alarm(self) -> str:
        return messages.alarm(self.cut.alarm)


@dataclass(frozen=True, slots=True)
class Mark:
    """A piece of a bar, in thousandths."""

    start: int
    length: int


class Cuts:
    """All of a film's; ``cards`` by task, of those that are under way."""

    def __init__(self, board: Board, axis: Axis, cards: Mapping[int, Card]) -> None:
        self.board, self.axis, self._cards = board, axis, cards

    @cached_property
    def all(self) -> list[Cut]:
        """The newest first."""
        return [self._cut(cut) for cut in reversed(self.board.cuts)]

    def _cut(self, cut: BoardCut) -> Cut:
        made_of = [
            (messages.where(strip.kind, strip.shot), _said(strip, numbers))
            for strip in self.axis.strips.values()
            if (numbers := cut.pieces.get((strip.kind, strip.shot), ()))
        ]
        card = self._cards.get(cut.task.pk) if cut.task else None
        return Cut(cut, card, made_of, bool(cut.file and cut.file.pk in self._approved))

    @cached_property
    def _approved(self) -> set[int]:
        return review.approved(cut.file.pk for cut in self.board.cuts if cut.file)

    @property
    def here(self) -> list[Cut]:
        """Those that can be played."""
        return [cut for cut in self.all if cut.is_here]

    @property
    def playable(self) -> Cut | None:
        """The newest of them."""
        return next(iter(self.here), None)

    @cached_property
    def stale(self) -> list[Change]:
        """Where the newest cut is not what is chosen now."""
        return self._changes(self.board.stale)

    @property
    def stale_said(self) -> str:
        unit = failures.unit(self.board.film.task)
        price = "" if self.price is None else amount(self.price, unit)
        approved = [cut.cut.number for cut in reversed(self.all) if cut.is_approved]
        return sentences(messages.stale(self.stale, price), messages.approved(approved))

    @property
    def is_composed(self) -> bool:
        """Whether the newest cut is what is chosen now."""
        return bool(self.board.newest_cut) and not self.board.stale

    @property
    def next(self) -> int:
        """The number of the next one."""
        return max((cut.number for cut in self.board.cuts), default=0) + 1

    @property
    def price(self) -> int | None:
        return self.board.prices[COMPOSE]

    def between(self, one: BoardCut, other: BoardCut) -> list[Change]:
        """Where two of them differ."""
        return self._changes(differences(one.pieces, other.pieces))

    def _changes(self, found: Sequence[Difference]) -> list[Change]:
        places = ((one, place(one.kind, one.shot)) for one in found)
        return [
            Change(
                messages.where(one.kind, one.shot),
                _said(self.axis.strips[at], one.before),
                _said(self.axis.strips[at], one.after),
                at,
            )
            for one, at in places
            if at in self.axis.strips
        ]

    def marks(self, cut: BoardCut, changes: Sequence[Change]) -> list[Mark]:
        """Where in a cut the shots are that differ."""
        lengths = [_length(shot, cut) for shot in self.board.shots]
        whole, starts = sum(lengths) or 1, accumulate(lengths, initial=0)
        differing = {change.at for change in changes}
        return [
            Mark(round(1000 * start / whole), round(1000 * length / whole))
            for shot, start, length in zip(self.board.shots, starts, lengths, strict=False)
            if place(shot.kind, shot.shot) in differing
        ]


def _length(shot: BoardStrip, cut: BoardCut) -> int:
    """How long a shot is in a cut."""
    numbers = cut.pieces.get((shot.kind, shot.shot), ())
    return sum(take.milliseconds or 0 for take in shot.takes if take.remote in numbers)


def _said(strip: BoardStrip, numbers: Sequence[str]) -> str:
    """Takes by their numbers here, "take 3"; the provider's number where it is none of ours."""
    known = {take.remote: take.number for take in strip.takes if take.remote}
    found = (messages.version(strip.kind, known[one]) if one in known else one for one in numbers)
    return ", ".join(found) or "–"
