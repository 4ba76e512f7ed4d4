"""A film's board for one person: its segments, its cuts and where they differ, and the sum."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from django.db.models import prefetch_related_objects

from generations.billing import caps, prices
from generations.films import Board, BoardCut, BoardSegment, BoardTake, Difference
from generations.films.board import differences
from generations.models import Cap, File, Membership
from generations.models.files import FileState
from generations.models.films import FILM_CUT, MODELS, TAKE_KINDS, SegmentKind
from generations.models.tasks import LIVE, TaskState
from generations.providers.contract import Order, TaskKind
from generations.sharing import review
from generations.templatetags.formats import sentences
from generations.web.layout.cards import Card, draw_cards
from generations.web.layout.estimates import PriceQuestion, ShownEstimate, price_question
from generations.web.messages import films
from generations.web.messages import tasks as task_messages
from generations.web.messages.films import Change
from generations.web.messages.reasons import explain_order

from .segments import Axis, Takes, is_being_fetched, segment_name

# An unclear part still moves: a callback, a search at the provider or a person ends it.
SHOWN_BY_CARDS = (*LIVE, TaskState.UNCLEAR)


@dataclass(frozen=True)
class ShareableFile:
    """What of a film may be shown to a client."""

    name: str
    file: File


class BoardPage:
    """A board as one person sees it.

    ``at`` names the segment whose takes are shown; ``card`` is the film's own order.
    """

    def __init__(self, board: Board, membership: Membership, at: str) -> None:
        self.board, self.film, self.membership = board, board.film, membership
        self.task = board.film.task
        self.unit = task_messages.unit(self.task)
        self.axis = Axis(board, at)
        takes = [take for segment in self.axis.segments.values() for take in segment.takes]
        self._parts: list[BoardTake | BoardCut] = [*takes, *board.cuts]
        self.card, self._cards = self._draw_cards()
        self.cuts = CutList(board, self.axis, self._cards, self.cut_price)

    def _draw_cards(self) -> tuple[Card, Mapping[int, Card]]:
        """Return the cards of the film and of all of its parts that are under way."""
        live = [
            part.task for part in self._parts if part.task and part.task.state in SHOWN_BY_CARDS
        ]
        tasks = [self.task, *live]
        # Cards show the first picture of an order; without this each would ask for its own.
        prefetch_related_objects(tasks, "pictures__upload")
        own, *others = draw_cards(self.membership.team, tasks)
        return own, {card.task.pk: card for card in others}

    @property
    def at(self) -> str:
        return self.axis.at

    @cached_property
    def takes(self) -> Takes | None:
        row = self.axis.row
        return Takes(self.board, row, self._cards, self.take_price) if row else None

    @cached_property
    def cut_price(self) -> ShownEstimate:
        """What one more cut will probably cost."""
        return self._price(FILM_CUT)

    @cached_property
    def take_price(self) -> ShownEstimate:
        """What one more take of the segment that is shown will probably cost."""
        return self._price(self._take_kind)

    @cached_property
    def cut_question(self) -> PriceQuestion | None:
        """What a person answers before a cut of which nobody knows the price."""
        return self._question(self.cut_price)

    @cached_property
    def take_question(self) -> PriceQuestion | None:
        """What a person answers before a take of which nobody knows the price."""
        return self._question(self.take_price)

    @property
    def _take_kind(self) -> TaskKind:
        row = self.axis.row
        return TAKE_KINDS[SegmentKind(row.segment.kind) if row else SegmentKind.SHOT]

    def _price(self, kind: TaskKind) -> ShownEstimate:
        order, last = order_of(kind), self.board.prices[kind]
        estimate = prices.estimate(self.task.credential, order, last=last)
        return ShownEstimate(estimate, self.unit, order)

    def _question(self, price: ShownEstimate) -> PriceQuestion | None:
        if not self.membership.may_order:
            return None
        estimates = {self.task.credential: price.estimate}
        return price_question(self.membership, price.order, estimates)

    @cached_property
    def shared(self) -> list[ShareableFile]:
        """The cuts that are here, the newest first, then the take that each shot has now."""
        cuts = [
            ShareableFile(films.cut(one.cut.number), one.cut.file)
            for one in self.cuts.here
            if one.cut.file
        ]
        takes = [
            ShareableFile(films.take_of(row.segment.kind, row.segment.shot, take.number), take.file)
            for row in self.axis.shots
            if (take := row.segment.chosen) and take.is_stored and take.file
        ]
        return [*cuts, *takes]

    @property
    def is_moving(self) -> bool:
        """Whether the page must ask again."""
        # ``due_at``: the provider's tree of parts is still to be read.
        film_moves = self.task.state in LIVE or self.film.due_at is not None
        return film_moves or bool(self._cards) or any(map(is_being_fetched, self._parts))

    @property
    def is_finished(self) -> bool:
        return self.task.state == TaskState.SUCCEEDED and self.film.read_at is not None

    @property
    def obstacles(self) -> str:
        """What is in the way of composing, "" for nothing."""
        found = films.obstacles(self.board.obstacles)
        return sentences(*found) if found else ""

    @cached_property
    def room(self) -> caps.Use | None:
        """The cap that leaves least, of the team's and the person's own."""
        own = Cap.objects.for_team(self.membership.team).filter(unit=self.unit)
        found = own.filter(user=None) | own.filter(user=self.membership.user)
        return min(caps.uses(found), key=lambda use: use.left, default=None)

    @property
    def spent_well(self) -> int:
        """What was spent, without the takes that are not in the next cut."""
        return self.board.cost.spent - self.board.cost.discarded

    @property
    def made(self) -> int:
        """Seconds of the next cut that are here."""
        return round(self.board.milliseconds / 1000)


@dataclass(frozen=True)
class CutCard:
    """One cut; ``made_of`` says in words which take each segment has in it."""

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
        return explain_order(self.cut.reason, self.cut.code, "").cause

    @property
    def alarm(self) -> str:
        return films.alarm(self.cut.alarm)


@dataclass(frozen=True, slots=True)
class BarMark:
    """A piece of a bar, in thousandths."""

    start: int
    length: int


def order_of(kind: TaskKind) -> Order:
    """Return an order of one more part of this kind, as far as its price depends on it."""
    return Order(kind=kind, model=MODELS[kind], prompt="")


class CutList:
    """All cuts of a film; ``cards`` by task, of those that are under way; ``price`` of the next."""

    def __init__(
        self, board: Board, axis: Axis, cards: Mapping[int, Card], price: ShownEstimate
    ) -> None:
        self.board, self.axis, self._cards, self.price = board, axis, cards, price

    @cached_property
    def all(self) -> list[CutCard]:
        """The newest first."""
        return [self._cut(cut) for cut in reversed(self.board.cuts)]

    def _cut(self, cut: BoardCut) -> CutCard:
        made_of = [
            (films.where(segment.kind, segment.shot), _take_names(segment, numbers))
            for segment in self.axis.segments.values()
            if (numbers := cut.pieces.get((segment.kind, segment.shot), ()))
        ]
        card = self._cards.get(cut.task.pk) if cut.task else None
        return CutCard(cut, card, made_of, bool(cut.file and cut.file.pk in self._approved))

    @cached_property
    def _approved(self) -> set[int]:
        return review.approved_files(cut.file.pk for cut in self.board.cuts if cut.file)

    @property
    def here(self) -> list[CutCard]:
        """Those that can be played."""
        return [cut for cut in self.all if cut.is_here]

    @property
    def playable(self) -> CutCard | None:
        """The newest of them."""
        return next(iter(self.here), None)

    @cached_property
    def stale(self) -> list[Change]:
        """Where the newest cut is not what is chosen now."""
        return self._changes(self.board.stale)

    @property
    def stale_sentence(self) -> str:
        """What the newest cut has other than is chosen, and which cuts a client approved."""
        price = self.price.in_button
        approved = [cut.cut.number for cut in reversed(self.all) if cut.is_approved]
        return sentences(films.stale(self.stale, price), films.approved(approved))

    @property
    def is_composed(self) -> bool:
        """Whether the newest cut is what is chosen now."""
        return bool(self.board.newest_cut) and not self.board.stale

    @property
    def next(self) -> int:
        """The number of the next one."""
        return max((cut.number for cut in self.board.cuts), default=0) + 1

    def between(self, one: BoardCut, other: BoardCut) -> list[Change]:
        """Return where two of them differ."""
        return self._changes(differences(one.pieces, other.pieces))

    def _changes(self, found: Sequence[Difference]) -> list[Change]:
        # A cut may have a segment that the board has no more; it has no title, and is left out.
        named = ((one, segment_name(one.kind, one.shot)) for one in found)
        return [
            Change(
                films.where(one.kind, one.shot),
                _take_names(self.axis.segments[at], one.before),
                _take_names(self.axis.segments[at], one.after),
                at,
            )
            for one, at in named
            if at in self.axis.segments
        ]

    def marks(self, cut: BoardCut, changes: Sequence[Change]) -> list[BarMark]:
        """Return where in a cut the shots are that differ."""
        lengths = [_length(shot, cut) for shot in self.board.shots]
        # Where no length is known, all marks are at 0, and nothing is divided by 0.
        whole, starts = sum(lengths) or 1, accumulate(lengths, initial=0)
        differing = {change.at for change in changes}
        return [
            BarMark(round(1000 * start / whole), round(1000 * length / whole))
            for shot, start, length in zip(self.board.shots, starts, lengths, strict=False)
            if segment_name(shot.kind, shot.shot) in differing
        ]


def _length(shot: BoardSegment, cut: BoardCut) -> int:
    """Return how long a shot is in a cut, in milliseconds."""
    numbers = cut.pieces.get((shot.kind, shot.shot), ())
    return sum(take.milliseconds or 0 for take in shot.takes if take.remote_id in numbers)


def _take_names(segment: BoardSegment, numbers: Sequence[str]) -> str:
    """Return takes by their numbers here ("take 3"), else by the provider's id."""
    known = {take.remote_id: take.number for take in segment.takes if take.remote_id}
    found = (films.version(segment.kind, known[one]) if one in known else one for one in numbers)
    return ", ".join(found) or "–"
