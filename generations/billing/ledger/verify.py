"""Whether the books hold, and whether what is counted beside them agrees."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.db.models import Case, Count, F, OuterRef, Q, Subquery, Sum, When
from django.db.models.functions import Coalesce

from generations.models import Account, Claim, DayTotal, Entry, Line, Total, Used
from generations.models.caps import month_of
from generations.models.films import WORK
from generations.models.ledger import CHARGED, TOLD_BY, AccountName, EntryKind

type Counts = Mapping[tuple[object, ...], tuple[int, ...]]

TOTAL = ("team", "credential", "unit", "person", "model", "kind", "in_vain", "carried", "day")
OF_DAY = ("team", "credential", "unit", "of_film", "kind", "in_vain", "carried", "day")
OF_FILM = Case(When(model__in=WORK, then=True), default=False)
USED = ("team", "user", "unit", "month")


def verify() -> Iterator[str]:
    """Every way in which the books do not hold, as a sentence; none when they do."""
    for entry in Entry.objects.annotate(total=Sum("lines__amount", default=0)).exclude(total=0):
        yield f"Entry {entry.pk} sums to {entry.total}, not to zero."
    for account in Account.objects.annotate(total=Sum("lines__amount", default=0)):
        if account.balance != account.total:
            yield f"Account {account.pk} says {account.balance}, its lines {account.total}."
    yield from _told()
    for model, names in ((Total, TOTAL), (DayTotal, OF_DAY)):
        totals = model.objects.values_list(*names, "entries", "amount", "estimate")
        yield from _differences(model.__name__, names, _keyed(totals), _totals(names))
    used = Used.objects.values_list(*USED, "amount")
    yield from _differences("Used", USED, _keyed(used, values=1), _used())
    yield from _claims()


def _told() -> Iterator[str]:
    """The one line that an entry is about, beside what the entry says of itself."""
    about = Q()
    for kind, name in TOLD_BY.items():
        about |= Q(entry__kind=kind, account__name=name)
    lines = Line.objects.filter(about).exclude(amount=F("entry__amount"))
    for entry, said, amount in lines.values_list("entry", "entry__amount", "amount"):
        yield f"Entry {entry} says {said}, its line {amount}."


def _totals(names: tuple[str, ...]) -> Counts:
    """What each total should be, from the entries alone."""
    settled = Q(kind=EntryKind.SETTLE)
    rows = Entry.objects.annotate(of_film=OF_FILM).order_by().values_list(*names)
    sums = {
        "entries": Count("pk"),
        "moved": Sum("amount"),
        "estimated": Sum("attempt__estimate", filter=settled, default=0),
    }
    return _keyed(rows.annotate(**sums))


def _used() -> Counts:
    """All that orders hold or cost, in the months of their holds, from the lines alone."""
    hold = Entry.objects.filter(attempt=OuterRef("entry__attempt"), kind=EntryKind.HOLD)
    lines = Line.objects.filter(
        account__name__in=(AccountName.HELD, AccountName.SPENT),
        entry__attempt__isnull=False,
        entry__attempt__task__adopted_at=None,
    ).annotate(held_on=Coalesce(Subquery(hold.values("day")[:1]), "entry__day"))
    rows = lines.order_by().values_list("entry__team", "entry__person", "entry__unit", "held_on")
    counts: Counter[tuple[object, ...]] = Counter()
    for team, person, unit, day, moved in rows.annotate(moved=Sum("amount")):
        for user in (None, person):
            counts[team, user, unit, month_of(day)] += moved
    return {key: (amount,) for key, amount in counts.items()}


def _claims() -> Iterator[str]:
    """What a claim says is booked of its attempt, beside what is."""
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
    """What was counted beside what is booked; no row and a row of nothing are the same."""
    for key in counted.keys() | booked.keys():
        said, is_so = counted.get(key, ()), booked.get(key, ())
        if said != is_so and (any(said) or any(is_so)):
            named = ", ".join(f"{name} {value}" for name, value in zip(names, key, strict=True))
            yield f"{what} of {named} says {said}, the books {is_so}."
