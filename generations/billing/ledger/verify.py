"""Verify that entries, balances, totals, caps and claims agree."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.db.models import Case, Count, F, OuterRef, Q, Subquery, Sum, When
from django.db.models.functions import Coalesce

from generations.models import Account, CapUse, Claim, DayTotal, Entry, Line, Total
from generations.models.caps import month_of
from generations.models.films import WORK
from generations.models.ledger import CHARGED, SUBJECT_ACCOUNT, AccountName, EntryKind

type Counts = Mapping[tuple[object, ...], tuple[int, ...]]

TOTAL = ("team", "credential", "unit", "person", "model", "kind", "failed", "carried", "day")
OF_DAY = ("team", "credential", "unit", "of_film", "kind", "failed", "carried", "day")
OF_FILM = Case(When(model__in=WORK, then=True), default=False)
USED = ("team", "user", "unit", "month")


def verify() -> Iterator[str]:
    """Yield a sentence for each thing in the ledger that does not agree."""
    for entry in Entry.objects.annotate(total=Sum("lines__amount", default=0)).exclude(total=0):
        yield f"Entry {entry.pk} sums to {entry.total}, not to zero."
    for account in Account.objects.annotate(total=Sum("lines__amount", default=0)):
        if account.balance != account.total:
            yield f"Account {account.pk} says {account.balance}, its lines {account.total}."
    yield from _entry_amounts()
    for model, names in ((Total, TOTAL), (DayTotal, OF_DAY)):
        totals = model.objects.values_list(*names, "entries", "amount", "estimate")
        yield from _differences(model.__name__, names, _keyed(totals), _totals(names))
    used = CapUse.objects.values_list(*USED, "amount")
    yield from _differences("CapUse", USED, _keyed(used, values=1), _used())
    yield from _claims()


def _entry_amounts() -> Iterator[str]:
    """Compare the amount of each entry with the line that it is about."""
    about = Q()
    for kind, name in SUBJECT_ACCOUNT.items():
        about |= Q(entry__kind=kind, account__name=name)
    lines = Line.objects.filter(about).exclude(amount=F("entry__amount"))
    for entry, noted, amount in lines.values_list("entry", "entry__amount", "amount"):
        yield f"Entry {entry} says {noted}, its line {amount}."


def _totals(names: tuple[str, ...]) -> Counts:
    """Sum the entries by the key of each total."""
    # In the order in which ``verify`` reads the columns of totals: rows are compared as tuples.
    settled = Q(kind=EntryKind.SETTLE)
    rows = Entry.objects.annotate(of_film=OF_FILM).order_by().values_list(*names)
    sums = {
        "entries": Count("pk"),
        "moved": Sum("amount"),
        "estimated": Sum("attempt__estimate", filter=settled, default=0),
    }
    return _keyed(rows.annotate(**sums))


def _used() -> Counts:
    """Sum the lines of orders by the months of their holds; imports count against no cap.

    Summed from lines, not from totals: these have no month of the hold, and may be wrong as well.
    """
    hold = Entry.objects.filter(attempt=OuterRef("entry__attempt"), kind=EntryKind.HOLD)
    lines = Line.objects.filter(
        account__name__in=(AccountName.HELD, AccountName.SPENT),
        entry__attempt__isnull=False,
        entry__attempt__task__imported_at=None,
    ).annotate(held_on=Coalesce(Subquery(hold.values("day")[:1]), "entry__day"))
    rows = lines.order_by().values_list("entry__team", "entry__person", "entry__unit", "held_on")
    counts: Counter[tuple[object, ...]] = Counter()
    for team, person, unit, day, moved in rows.annotate(moved=Sum("amount")):
        for user in (None, person):  # the team's use contains that of each member
            counts[team, user, unit, month_of(day)] += moved
    return {key: (amount,) for key, amount in counts.items()}


def _claims() -> Iterator[str]:
    """Compare what each claim says is booked with the entries."""
    spent = Q(attempt__entries__kind__in=CHARGED)
    claims = Claim.objects.filter(attempt__isnull=False).annotate(
        spent=Sum("attempt__entries__amount", filter=spent, default=0)
    )
    for claim in claims.exclude(spent=F("booked")):
        yield f"Claim {claim.pk} says {claim.booked} is booked, the books {claim.spent}."


def _keyed(rows: Iterable[tuple[Any, ...]], *, values: int = 3) -> Counts:
    return {row[:-values]: row[-values:] for row in rows}


def _differences(
    what: str, names: tuple[str, ...], counted: Counts, booked: Counts
) -> Iterator[str]:
    """Compare counted and booked sums; no row and a row of zeros are the same."""
    for key in counted.keys() | booked.keys():
        noted, actual = counted.get(key, ()), booked.get(key, ())
        if noted != actual and (any(noted) or any(actual)):
            named = ", ".join(f"{name} {value}" for name, value in zip(names, key, strict=True))
            yield f"{what} of {named} says {noted}, the books {actual}."
