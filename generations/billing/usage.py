"""What a team spent by day, person, model and key, read from totals."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.db.models import Sum as Added
from django.db.models.functions import Coalesce

from generations.models import DayTotal, Entry, Team, Total
from generations.models.films import WORK
from generations.models.ledger import SPENDING, EntryKind, TotalQuerySet, still_unknown

# The film of an entry's task: it began it, or made a take or a cut of it.
OF_FILM = Coalesce(*(f"attempt__task__{path}" for path in ("film", "take__film", "cut__film")))
# The rows under each figure. A hold that was carried over gave nothing back.
ROWS: dict[str, Q] = {
    "spent": Q(kind__in=SPENDING),
    "failed": Q(failed=True),
    "refunded": Q(kind=EntryKind.RELEASE, carried=False),
    "imported": Q(kind=EntryKind.IMPORT),
    "unknown": Q(still_unknown(), kind=EntryKind.SETTLE),
}
MADE = Q(kind=EntryKind.SETTLE, failed=False)


@dataclass(frozen=True)
class Period:
    """Days from the first to the last, both included."""

    first: date
    last: date

    def __len__(self) -> int:
        return (self.last - self.first).days + 1

    def __iter__(self) -> Iterator[date]:
        return (self.first + timedelta(days=offset) for offset in range(len(self)))


@dataclass(frozen=True)
class Sum:
    """Amounts of one unit, and how many clips came.

    ``films`` and ``failed`` (charged though no clip came) are parts of ``spent``. ``refunded`` was
    held and given back. ``imported`` was paid elsewhere for clips that were imported here.
    ``unknown`` (of what was ordered here; ``unknown_clips`` without films) and ``unknown_imports``
    count the clips that are in no amount, because nobody knows what they cost.
    """

    spent: int = 0
    films: int = 0
    failed: int = 0
    refunded: int = 0
    clips: int = 0
    imported: int = 0
    unknown: int = 0
    unknown_clips: int = 0
    unknown_imports: int = 0

    def __add__(self, other: "Sum") -> "Sum":
        names = [one.name for one in fields(self)]
        return Sum(*(getattr(self, name) + getattr(other, name) for name in names))

    @property
    def on_clips(self) -> int:
        return self.spent - self.films - self.failed

    @property
    def each(self) -> int:
        """What was spent, also on films and failed clips, for each clip of known cost that came."""
        known = self.clips - self.unknown_clips
        return round(self.spent / known) if known > 0 else 0


def _sums(of_film: Q) -> dict[str, Any]:
    """Return the annotations that ``read_sum`` reads; ``of_film``: which rows are of films.

    Each is named ``sum_…``, because totals and entries have a column ``failed`` of their own.
    """
    spent = ROWS["spent"]
    return {
        "sum_spent": Added("amount", filter=spent, default=0),
        "sum_films": Added("amount", filter=spent & of_film & Q(failed=False), default=0),
        "sum_failed": Added("amount", filter=ROWS["failed"], default=0),
        "sum_refunded": Added("amount", filter=ROWS["refunded"], default=0),
        "sum_clips": Added("entries", filter=MADE & ~of_film, default=0),
        "sum_imported": Added("amount", filter=ROWS["imported"], default=0),
        "sum_unknown": Added("unknown", filter=Q(kind=EntryKind.SETTLE), default=0),
        "sum_unknown_clips": Added("unknown", filter=MADE & ~of_film, default=0),
        "sum_unknown_imports": Added("unknown", filter=ROWS["imported"], default=0),
    }


def read_sum(row: Mapping[str, Any]) -> Sum:
    """Read a row that is annotated with ``SUMS`` or ``DAY_SUMS``."""
    return Sum(**{field.name: row[f"sum_{field.name}"] for field in fields(Sum)})


SUMS = _sums(Q(model__in=WORK))
# A day total has no model, only whether it is of films.
DAY_SUMS = _sums(Q(of_film=True))
# Entries themselves have neither counts nor what is unknown.
ENTRY_SUMS = SUMS | {
    "sum_clips": Count("pk", filter=MADE),
    "sum_unknown": Count("pk", filter=ROWS["unknown"]),
    "sum_unknown_clips": Count("pk", filter=ROWS["unknown"] & MADE),
    "sum_unknown_imports": Count("pk", filter=Q(still_unknown(), kind=EntryKind.IMPORT)),
}


@dataclass(frozen=True)
class Usage:
    """One unit of one team in a period, if wanted of one person, model, credential or film."""

    team: Team
    unit: str
    period: Period
    person: int | None = None
    model: str = ""
    credential: int | None = None
    film: int | None = None

    @property
    def totals(self) -> TotalQuerySet:
        """All totals but those of holds."""
        return Total.objects.filter(**self._chosen).exclude(kind=EntryKind.HOLD).order_by()

    def entries(self, what: str) -> "QuerySet[Entry]":
        """Return the entries behind a figure (one of ``ROWS``), newest first."""
        rows = Entry.objects.filter(ROWS[what], **self._chosen).order_by("-day", "-pk")
        if self.film:
            rows = rows.filter(model__in=WORK).alias(of=OF_FILM).filter(of=self.film)
        return rows

    @cached_property
    def days(self) -> dict[date, Sum]:
        """The sum of each day of the period, also of days without entries."""
        found = {row["day"]: read_sum(row) for row in self._by_day()}
        return {day: found.get(day, Sum()) for day in self.period}

    def _by_day(self) -> Iterable[dict[str, Any]]:
        """Read day totals, which are few; totals only for one person or model."""
        rows: Any = self.totals.values("day").annotate(**SUMS)
        if not (self.person or self.model):
            of_days = DayTotal.objects.filter(**self._chosen).order_by()
            rows = of_days.values("day").annotate(**DAY_SUMS)
        return rows  # type: ignore[no-any-return]

    @cached_property
    def whole(self) -> Sum:
        return sum(self.days.values(), Sum())

    def by(self, name: str) -> list[tuple[Any, Sum]]:
        """Return the sum of each ``person``, ``model`` or ``credential``, the highest first."""
        found: dict[Any, Sum] = {}
        for row, one in self._parts:
            found[row[name]] = found.get(row[name], Sum()) + one
        return _highest_first(found)

    @cached_property
    def _parts(self) -> list[tuple[dict[str, Any], Sum]]:
        """Sums by person, model and key, read once for all lists."""
        rows: Any = self.totals.values("person", "model", "credential").annotate(**SUMS)
        return [(row, read_sum(row)) for row in rows]

    def by_film(self) -> list[tuple[int, Sum]]:
        """Return what each film cost with all its parts; ``clips`` counts the parts that came.

        Read from entries: no total knows which film it is of.
        """
        entries = Entry.objects.filter(model__in=WORK, **self._chosen).annotate(of=OF_FILM)
        rows: Any = entries.order_by().values("of").annotate(**ENTRY_SUMS)
        found = {row["of"]: read_sum(row) for row in rows}
        return _highest_first(found)

    @property
    def _chosen(self) -> dict[str, Any]:
        """The filter for entries and totals."""
        perhaps = {"person": self.person, "model": self.model, "credential": self.credential}
        return {
            "team": self.team,
            "unit": self.unit,
            "day__gte": self.period.first,
            "day__lte": self.period.last,
        } | {name: value for name, value in perhaps.items() if value}


def _highest_first(sums: dict[Any, Sum]) -> list[tuple[Any, Sum]]:
    return sorted(sums.items(), key=lambda row: (-row[1].spent, -row[1].refunded, str(row[0])))
