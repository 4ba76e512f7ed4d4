"""A film's board for one person: its axis, the takes of one segment, its cuts, and the sum."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from django.db.models import prefetch_related_objects

from generations.billing import caps
from generations.films import Board, BoardCut, BoardTake
from generations.models import Cap, File, Membership
from generations.models.tasks import LIVE, TaskState
from generations.templatetags.formats import sentences
from generations.web.layout.cards import Card, draw_cards
from generations.web.messages import films
from generations.web.messages import tasks as task_messages

from .cuts import CutList
from .takes import Takes
from .timeline import Axis, is_being_fetched

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
        self.cuts = CutList(board, self.axis, self._cards)

    def _draw_cards(self) -> tuple[Card, Mapping[int, Card]]:
        """Return the cards of the film and of all of its parts that are under way."""
        live = [
            part.task for part in self._parts if part.task and part.task.state in SHOWN_BY_CARDS
        ]
        tasks = [self.task, *live]
        prefetch_related_objects(tasks, "pictures__upload")
        own, *others = draw_cards(self.membership.team, tasks)
        return own, {card.task.pk: card for card in others}

    @property
    def at(self) -> str:
        return self.axis.at

    @cached_property
    def takes(self) -> Takes | None:
        row = self.axis.row
        return Takes(self.board, row, self._cards, self.unit) if row else None

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
