"""A film's board as its page draws it: the axis, the takes of one strip, and its cuts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from django.db.models import prefetch_related_objects
from django.urls import reverse
from django.utils.translation import gettext, ngettext

from generations import caps
from generations.films import Board, BoardCut, BoardStrip, BoardTake, Difference
from generations.films.cutting import differences
from generations.models import Cap, Membership, Task
from generations.models.files import FilePart, FileState
from generations.models.films import COMPOSE, RETAKES, StripKind
from generations.models.tasks import LIVE, TaskState
from generations.templatetags.look import amount

from . import film_words, words
from .cards import Card, drawn
from .film_wording import Piece, wording

SOUNDS = (StripKind.NARRATION, StripKind.MUSIC)
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
            return "fetching"
        return self.take.file.state

    @property
    def alarm(self) -> str:
        return film_words.alarm(self.take.alarm)

    @property
    def cause(self) -> object:
        return words.failure(self.take.code, "").cause


@dataclass(frozen=True)
class Row:
    """A strip on the axis; ``start`` in milliseconds from the beginning of the film."""

    strip: BoardStrip
    start: int
    length: int
    is_current: bool
    is_changed: bool
    moving: Sequence[BoardTake]

    @property
    def at(self) -> str:
        """How an address names it: 1, narration, music."""
        return place(self.strip.kind, self.strip.shot)

    @property
    def title(self) -> str:
        return film_words.where(self.strip.kind, self.strip.shot)

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

    @property
    def moving_word(self) -> str:
        """Which of its takes is under way: "take 4"."""
        return film_words.version(self.strip.kind, self.moving[0].number) if self.moving else ""


@dataclass(frozen=True)
class Change:
    """What a strip has now and had before, in words: "take 3"."""

    title: str
    before: str
    after: str
    at: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A piece of a bar, in thousandths."""

    start: int
    length: int


@dataclass(frozen=True)
class Cut:
    """One composition with what it was made of."""

    cut: BoardCut
    card: Card | None
    made_of: Sequence[tuple[str, str]]

    @property
    def is_here(self) -> bool:
        return self.cut.file is not None and self.cut.file.is_stored

    @property
    def shows(self) -> str:
        if self.cut.state != TaskState.SUCCEEDED:
            return self.cut.state
        return self.cut.file.state if self.cut.file else "remote"

    @property
    def cause(self) -> object:
        return words.failure(self.cut.code, "").cause

    @property
    def alarm(self) -> str:
        return film_words.alarm(self.cut.alarm)


def place(kind: str, shot: int) -> str:
    return str(shot + 1) if kind == StripKind.SHOT else kind


class Shown:
    """A board for one person; ``at`` is the strip whose takes are shown."""

    def __init__(self, board: Board, membership: Membership, at: str) -> None:
        self.board, self.film, self.membership = board, board.film, membership
        self.task = board.film.task
        self.unit = words.unit(self.task)
        self._strips = {place(one.kind, one.shot): one for one in self._all()}
        self.at = at if at in self._strips else next(iter(self._strips), "")
        tasks = [self.task, *self._live()]
        prefetch_related_objects(tasks, "pictures__upload")
        (self.card, *moving) = drawn(membership.team, tasks)
        self._cards: Mapping[int, Card] = {card.task.pk: card for card in moving}

    def _all(self) -> Iterator[BoardStrip]:
        yield from self.board.shots
        yield from (one for one in (self.board.narration, self.board.music) if one)

    @cached_property
    def _parts(self) -> list[BoardTake | BoardCut]:
        return [*(take for strip in self._all() for take in strip.takes), *self.board.cuts]

    def _live(self) -> Iterator[Task]:
        for part in self._parts:
            if part.task and (part.task.state in LIVE or part.task.state == TaskState.UNCLEAR):
                yield part.task

    # ---- The axis -------------------------------------------------------------------------

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
        sounds = [strip for strip in self._all() if strip.kind in SOUNDS]
        return [self._row(one, 0, (one.chosen and one.chosen.milliseconds) or 0) for one in sounds]

    @property
    def length(self) -> int:
        """Of the whole axis, in milliseconds."""
        return sum(row.length for row in self.shots)

    def _length(self, shot: BoardStrip) -> int:
        """As long as its chosen take, else its part of what was asked for."""
        known = shot.chosen.milliseconds if shot.chosen else None
        return known or round((self.task.duration or 15) * 1000 / len(self.board.shots))

    def _row(self, strip: BoardStrip, start: int, length: int) -> Row:
        at = place(strip.kind, strip.shot)
        moving = [take for take in strip.takes if self._is_moving(take)]
        changed = any((one.kind, one.shot) == (strip.kind, strip.shot) for one in self.board.stale)
        return Row(strip, start, length, at == self.at, changed, moving)

    @staticmethod
    def _is_moving(take: BoardTake) -> bool:
        return take.state in LIVE or (take.state == TaskState.SUCCEEDED and _is_fetched(take))

    @property
    def is_moving(self) -> bool:
        """Whether the page must look again."""
        return (
            self.task.state in LIVE
            or self.film.due_at is not None
            or bool(self._cards)
            or any(_is_fetched(part) for part in self._parts)
        )

    # ---- The takes of one strip -------------------------------------------------------------

    @cached_property
    def row(self) -> Row | None:
        """The strip whose takes are shown."""
        return next((row for row in (*self.shots, *self.sounds) if row.is_current), None)

    @cached_property
    def tiles(self) -> list[Tile]:
        """All of its takes that did not end badly."""
        takes = self.row.strip.takes if self.row else ()
        return [self._tile(take) for take in takes if not take.ended_badly]

    @cached_property
    def failed(self) -> list[Tile]:
        takes = self.row.strip.takes if self.row else ()
        return [self._tile(take) for take in takes if take.ended_badly]

    def _tile(self, take: BoardTake) -> Tile:
        kind, other = self._kind, self._reference
        card = self._cards.get(take.task.pk) if take.task else None
        if other is None or other == take or not take.prompt:
            return Tile(take, kind, card)
        return Tile(take, kind, card, other.number, wording(other.prompt, take.prompt))

    @cached_property
    def _reference(self) -> BoardTake | None:
        """The take in the newest cut, else the chosen one: what the others are compared to."""
        if self.row is None:
            return None
        strip, cut = self.row.strip, self.board.newest_cut
        numbers = cut.pieces.get((strip.kind, strip.shot), ()) if cut else ()
        in_cut = (take for take in strip.takes if take.remote and take.remote in numbers)
        return next(in_cut, strip.chosen)

    @property
    def _kind(self) -> StripKind:
        return StripKind(self.row.strip.kind) if self.row else StripKind.SHOT

    @property
    def retake_price(self) -> int | None:
        """Of one more take of the strip that is shown."""
        return self.board.prices[RETAKES[self._kind]]

    @property
    def retake_type(self) -> str:
        return TYPES[self._kind]

    @property
    def retake_labels(self) -> list[str]:
        """What the button says for one, two and more of them at once."""
        return [self._retake_label(count) for count in COUNTS]

    def _retake_label(self, count: int) -> str:
        if self._kind == StripKind.SHOT:
            word = ngettext("New take", "%(count)s new takes", count)
        else:
            word = ngettext("New version", "%(count)s new versions", count)
        said = word % {"count": count}
        each = self.retake_price
        return said if each is None else f"{said} · {amount(each * count, self.unit)}"

    # ---- Its cuts -----------------------------------------------------------------------------

    @cached_property
    def cuts(self) -> list[Cut]:
        """The newest first."""
        return [self._cut(cut) for cut in reversed(self.board.cuts)]

    def _cut(self, cut: BoardCut) -> Cut:
        made_of = [
            (film_words.where(strip.kind, strip.shot), self.said(strip, numbers))
            for strip in self._all()
            if (numbers := cut.pieces.get((strip.kind, strip.shot), ()))
        ]
        return Cut(cut, self._cards.get(cut.task.pk) if cut.task else None, made_of)

    def said(self, strip: BoardStrip, numbers: Sequence[str]) -> str:
        """Takes by their numbers here, "take 3"; the provider's number where it is none of ours."""
        known = {take.remote: take.number for take in strip.takes if take.remote}
        found = (
            film_words.version(strip.kind, known[one]) if one in known else one for one in numbers
        )
        return ", ".join(found) or "–"

    @cached_property
    def stale(self) -> list[Change]:
        """Where the newest cut is not what is chosen now."""
        return self._changes(self.board.stale)

    def between(self, one: BoardCut, other: BoardCut) -> list[Change]:
        """Where two cuts differ."""
        return self._changes(differences(one.pieces, other.pieces))

    def _changes(self, found: Sequence[Difference]) -> list[Change]:
        return [
            Change(
                film_words.where(one.kind, one.shot),
                self.said(strip, one.before),
                self.said(strip, one.after),
                place(one.kind, one.shot),
            )
            for one in found
            if (strip := self._strips.get(place(one.kind, one.shot)))
        ]

    def marks(self, cut: BoardCut, changes: Sequence[Change]) -> list[Mark]:
        """Where in a cut the shots are that differ, in thousandths of its length."""
        pieces = [cut.pieces.get((shot.kind, shot.shot), ()) for shot in self.board.shots]
        lengths = [
            sum(take.milliseconds or 0 for take in shot.takes if take.remote in numbers)
            for shot, numbers in zip(self.board.shots, pieces, strict=True)
        ]
        whole, starts = sum(lengths) or 1, accumulate(lengths, initial=0)
        differing = {change.at for change in changes}
        return [
            Mark(round(1000 * start / whole), round(1000 * length / whole))
            for shot, start, length in zip(self.board.shots, starts, lengths, strict=False)
            if place(shot.kind, shot.shot) in differing
        ]

    @property
    def playable(self) -> Cut | None:
        """The newest that is here."""
        return next((cut for cut in self.cuts if cut.is_here), None)

    @property
    def comparable(self) -> list[Cut]:
        return [cut for cut in self.cuts if cut.is_here]

    @property
    def is_composed(self) -> bool:
        """Whether the newest cut is what is chosen now."""
        return bool(self.board.newest_cut) and not self.board.stale

    @property
    def next_cut(self) -> int:
        return max((cut.number for cut in self.board.cuts), default=0) + 1

    @property
    def compose_price(self) -> int | None:
        return self.board.prices[COMPOSE]

    @property
    def obstacles(self) -> list[str]:
        return film_words.obstacles(self.board.obstacles)

    @property
    def is_finished(self) -> bool:
        return self.task.state == TaskState.SUCCEEDED and self.film.read_at is not None

    # ---- What it costs --------------------------------------------------------------------------

    @cached_property
    def room(self) -> caps.Use | None:
        """The cap that leaves least, of the team's and the person's own."""
        own = Cap.objects.for_team(self.membership.team).filter(unit=self.unit)
        found = own.filter(user=None) | own.filter(user=self.membership.user)
        return min(caps.uses(found), key=lambda use: use.left, default=None)

    @property
    def rows(self) -> list[Row]:
        return [*self.shots, *self.sounds]

    @property
    def spent_well(self) -> int:
        """All but what the takes cost that are in no next cut."""
        return self.board.cost.spent - self.board.cost.discarded

    @property
    def made(self) -> int:
        """Seconds of the next cut that are here."""
        return round(self.board.milliseconds / 1000)


def _is_fetched(part: BoardTake | BoardCut) -> bool:
    """Whether its file is on its way."""
    if part.state != TaskState.SUCCEEDED:
        return False
    return part.file is None or part.file.state in {FileState.REMOTE, FileState.FETCHING}
