"""What a film cost, to the credit: from the books, by the orders that made it."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Q, Sum

from generations.models import Line
from generations.models.ledger import AccountName

from .rows import Rows


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
