"""Verify that entries, balances, totals, caps, attempts, falls of balances and claims agree."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.db.models import Case, Count, Exists, F, OuterRef, Q, Subquery, Sum, When
from django.db.models.functions import Coalesce

from generations.models import (
    Account,
    Attempt,
    BalanceFall,
    CapUse,
    Claim,
    DayTotal,
    Entry,
    Line,
    Total,
)
from generations.models.caps import month_of
from generations.models.films import WORK
from generations.models.ledger import (
    CHARGED,
    CLOSING,
    SUBJECT_ACCOUNT,
    AccountName,
    EntryKind,
    still_unknown,
)

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
        totals = model.objects.values_list(*names, "entries", "amount", "estimate", "unknown")
        yield from _differences(model.__name__, names, _keyed(totals), _totals(names))
    used = CapUse.objects.values_list(*USED, "amount", "unknown")
    yield from _differences("CapUse", USED, _keyed(used, values=2), _used())
    yield from _attempts()
    yield from _falls()
    yield from _claims()


def _entry_amounts() -> Iterator[str]:
    """Compare the amount of each entry with the line that it is about."""
    about = Q()
    for kind, name in SUBJECT_ACCOUNT.items():
        about |= Q(entry__kind=kind, account__name=name)
    lines = Line.objects.filter(about).exclude(amount=F("entry__amount"))
    for entry, noted, amount in lines.values_list("entry", "entry__amount", "amount"):
        yield f"Entry {entry} says {noted}, its line {amount}."
    for kind, name in SUBJECT_ACCOUNT.items():
        line = Line.objects.filter(entry=OuterRef("pk"), account__name=name)
        without = Entry.objects.filter(~Exists(line), kind=kind, amount__isnull=False)
        for entry in without.values_list("pk", flat=True):
            yield f"Entry {entry} has an amount and no line of it."


def _totals(names: tuple[str, ...]) -> Counts:
    """Sum the entries by the key of each total."""
    # In the order in which ``verify`` reads the columns of totals: rows are compared as tuples.
    settled = Q(kind=EntryKind.SETTLE)
    rows = Entry.objects.annotate(of_film=OF_FILM).order_by().values_list(*names)
    sums = {
        "entries": Count("pk"),
        "moved": Sum("amount", default=0),
        "estimated": Sum("attempt__estimate", filter=settled, default=0),
        "not_known": Count("pk", filter=still_unknown()),
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
    unknown = _unknown_used()
    return {key: (counts[key], unknown[key]) for key in counts.keys() | unknown.keys()}


def _unknown_used() -> Counter[tuple[object, ...]]:
    """Count the orders of unknown cost, also those that have not ended, by the months of holds."""
    own = Entry.objects.filter(attempt=OuterRef("attempt"))
    is_open = Q(~Exists(own.filter(kind__in=CLOSING)), attempt__estimate=None)
    has_ended = Exists(own.filter(still_unknown(), kind=EntryKind.SETTLE))
    holds = Entry.objects.filter(is_open | Q(has_ended), kind=EntryKind.HOLD)
    rows = holds.filter(attempt__task__imported_at=None).order_by()
    counts: Counter[tuple[object, ...]] = Counter()
    for team, person, unit, day in rows.values_list("team", "person", "unit", "day"):
        for user in (None, person):
            counts[team, user, unit, month_of(day)] += 1
    return counts


def _attempts() -> Iterator[str]:
    """Compare what each attempt says is booked for it with its entries."""
    own = Entry.objects.filter(attempt=OuterRef("pk")).order_by()
    sums = own.filter(kind__in=CHARGED).values("attempt").annotate(sum=Sum("amount"))
    attempts = Attempt.objects.annotate(
        is_closed=Exists(own.filter(kind__in=CLOSING)),
        is_unknown=Exists(own.filter(still_unknown())),
        charged=Coalesce(Subquery(sums.values("sum")), 0),
    )
    is_known = Q(is_closed=True, is_unknown=False)
    wrong = Q(is_known, ~Q(booked=F("charged")) | Q(booked=None)) | Q(
        ~is_known, booked__isnull=False
    )
    for attempt in attempts.filter(wrong):
        yield f"Attempt {attempt.pk} says {attempt.booked}, the books {attempt.charged}."


def _falls() -> Iterator[str]:
    """Compare what is booked of each fall of a balance with the lines that came from outside."""
    granted = Q(entries__lines__account__name=AccountName.GRANTED)
    falls = BalanceFall.objects.annotate(
        explained=Sum("entries__lines__amount", filter=granted, default=0)
    )
    for fall in falls.exclude(booked=-F("explained")):
        yield f"Fall {fall.pk} says {fall.booked} is booked, the books {-fall.explained}."


def _claims() -> Iterator[str]:
    """Compare what each claim says is booked with the entries."""
    spent = Q(attempt__entries__kind__in=CHARGED)
    claims = Claim.objects.filter(attempt__isnull=False).annotate(
        spent=Sum("attempt__entries__amount", filter=spent, default=0)
    )
    for claim in claims.exclude(spent=F("booked")):
        yield f"Claim {claim.pk} says {claim.booked} is booked, the books {claim.spent}."


def _keyed(rows: Iterable[tuple[Any, ...]], *, values: int = 4) -> Counts:
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
