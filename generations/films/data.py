"""All of a film's rows, read in four queries whatever its size."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q, Sum

from generations.models import Composition, Film, Ingredient, Line, Strip, Take
from generations.models.films import StripKind
from generations.models.ledger import AccountName
from generations.models.tasks import FINAL, TaskState

"""A strip by its kind and its index, e.g. ``("shot", 0)``."""

type Place = tuple[str, int]

ORDER = {kind: place for place, kind in enumerate(StripKind)}
ENDED_BADLY = {*FINAL} - {TaskState.SUCCEEDED}


class Rows:
    """One film as it is now; strips stand in the order of a board."""

    def __init__(self, film: Film) -> None:
        self.film = film
        strips = Strip.objects.filter(film=film)
        self.strips = sorted(
            strips, key=lambda strip: (ORDER[StripKind(strip.kind)], strip.ordinal)
        )
        takes = Take.objects.filter(film=film).order_by("strip", "ordinal")
        self.takes = list(takes.select_related("task__created_by", "file"))
        cuts = Composition.objects.filter(film=film).order_by("ordinal")
        self.cuts = list(cuts.select_related("task__created_by", "file"))
        self._pieces: dict[int, list[Ingredient]] = defaultdict(list)
        for piece in Ingredient.objects.filter(composition__film=film).order_by("ordinal"):
            self._pieces[piece.composition_id].append(piece)
        self._by_pk = {take.pk: take for take in self.takes}
        self.by_number = {take.number: take for take in self.takes if take.number}
        self._places = {strip.pk: (strip.kind, strip.ordinal) for strip in self.strips}

    @property
    def shots(self) -> list[Strip]:
        return [strip for strip in self.strips if strip.kind == StripKind.SHOT]

    @property
    def newest_cut(self) -> Composition | None:
        """The newest that did not fail, also while it is still being made."""
        good = [cut for cut in self.cuts if cut.status not in ENDED_BADLY]
        return good[-1] if good else None

    def strip(self, kind: StripKind, ordinal: int = 0) -> Strip | None:
        found = (strip for strip in self.strips if (strip.kind, strip.ordinal) == (kind, ordinal))
        return next(found, None)

    def takes_of(self, strip: Strip) -> list[Take]:
        return [take for take in self.takes if take.strip_id == strip.pk]

    def chosen(self, strip: Strip | None) -> Take | None:
        return self._by_pk.get(strip.chosen_id or 0) if strip else None

    def place(self, take: Take) -> Place:
        return self._places[take.strip_id]

    def chosen_numbers(self) -> Mapping[Place, Sequence[str]]:
        """What the next cut would be made of, for each strip that has something chosen."""
        chosen = {self._places[strip.pk]: self.chosen(strip) for strip in self.strips}
        return {place: [take.number] for place, take in chosen.items() if take}

    def numbers_of(self, cut: Composition) -> Mapping[Place, Sequence[str]]:
        """What a cut was made of; an ingredient that is no take of ours stands at its own place."""
        found: dict[Place, list[str]] = defaultdict(list)
        for piece in self._pieces[cut.pk]:
            take = self._by_pk.get(piece.take_id or 0)
            place = self.place(take) if take else (piece.kind, piece.ordinal)
            found[place].append(piece.number)
        return dict(found)


@dataclass(frozen=True, slots=True)
class Booked:
    """What was spent, and what is still held for what is under way."""

    spent: int = 0
    held: int = 0

    def __add__(self, other: "Booked") -> "Booked":
        return Booked(self.spent + other.spent, self.held + other.held)


@dataclass(frozen=True, slots=True)
class Cost:
    """In the credential's unit. ``brief`` paid for the film as it first came, with its first takes.

    ``chosen`` and ``discarded``: spent on takes that are in the next cut, and on all others.
    """

    brief: int
    chosen: int
    discarded: int
    cuts: int
    held: int

    @property
    def spent(self) -> int:
        return self.brief + self.chosen + self.discarded + self.cuts


def booked(rows: Rows) -> Mapping[int, Booked]:
    """By task, in one query."""
    tasks = [each.task_id for each in (*rows.takes, *rows.cuts) if each.task_id]
    lines = Line.objects.filter(
        entry__attempt__task__in=[rows.film.task_id, *tasks],
        account__name__in=[AccountName.SPENT, AccountName.HELD],
    )
    sums = lines.values_list("entry__attempt__task").annotate(
        spent=Sum("amount", filter=Q(account__name=AccountName.SPENT), default=0),
        held=Sum("amount", filter=Q(account__name=AccountName.HELD), default=0),
    )
    return {task: Booked(spent, held) for task, spent, held in sums}


def cost(rows: Rows, of: Mapping[int, Booked]) -> Cost:
    """What the whole film cost so far."""
    chosen_pks = {strip.chosen_id for strip in rows.strips}
    none = Booked()
    chosen = discarded = none
    for take in rows.takes:
        amount = of.get(take.task_id or 0, none)
        if take.pk in chosen_pks:
            chosen += amount
        else:
            discarded += amount
    cuts = sum((of.get(cut.task_id or 0, none) for cut in rows.cuts), none)
    brief = of.get(rows.film.task_id, none)
    held = brief.held + chosen.held + discarded.held + cuts.held
    return Cost(brief.spent, chosen.spent, discarded.spent, cuts.spent, held)
