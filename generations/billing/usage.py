"""What a team's credits went into, by day, person, model and key: read from the day's totals."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.db.models import Sum as Added
from django.db.models.functions import Coalesce

from generations.models import DayTotal, Entry, Team, Total
from generations.models.films import WORK
from generations.models.ledger import SPENDING, EntryKind, TotalQuerySet

# The film that an entry's task began, or made a take or a cut of.
OF_FILM = Coalesce(
    *(f"attempt__task__{path}" for path in ("film", "take__film", "composition__film"))
)
# The rows under each figure.
ROWS: dict[str, Q] = {
    "spent": Q(kind__in=SPENDING),
    "in_vain": Q(in_vain=True),
    "came_back": Q(kind=EntryKind.RELEASE, carried=False),
    "taken_in": Q(kind=EntryKind.ADOPT),
}


@dataclass(frozen=True)
class Period:
    """Days from the first to the last, both of them in it."""

    first: date
    last: date

    def __len__(self) -> int:
        return (self.last - self.first).days + 1

    def __iter__(self) -> Iterator[date]:
        return (self.first + timedelta(days=number) for number in range(len(self)))


@dataclass(frozen=True)
class Sum:
    """What was spent, of it for films and in vain; what came back; and how many clips came.

    Beside it what was paid elsewhere for clips that were taken in.
    """

    spent: int = 0
    films: int = 0
    vain: int = 0
    came_back: int = 0
    clips: int = 0
    taken_in: int = 0

    def __add__(self, other: "Sum") -> "Sum":
        names = [one.name for one in fields(self)]
        return Sum(*(getattr(self, name) + getattr(other, name) for name in names))

    @property
    def on_clips(self) -> int:
        return self.spent - self.films - self.vain

    @property
    def each(self) -> int:
        """What a clip that came cost, with all that did not come."""
        return round(self.spent / self.clips) if self.clips else 0


MADE = Q(kind=EntryKind.SETTLE, in_vain=False)


def _sums(of_film: Q) -> dict[str, Any]:
    """What a row of sums tells; ``of_film``: how those rows know what is a film's."""
    return {
        "spent": Added("amount", filter=ROWS["spent"], default=0),
        "films": Added("amount", filter=ROWS["spent"] & of_film & Q(in_vain=False), default=0),
        "vain": Added("amount", filter=ROWS["in_vain"], default=0),
        "came_back": Added("amount", filter=ROWS["came_back"], default=0),
        "clips": Added("entries", filter=MADE & ~of_film, default=0),
        "taken_in": Added("amount", filter=ROWS["taken_in"], default=0),
    }


SUMS = _sums(Q(model__in=WORK))
DAY_SUMS = _sums(Q(of_film=True))


@dataclass(frozen=True)
class Usage:
    """One unit of one team in a period, perhaps of one person, model or credential alone."""

    team: Team
    unit: str
    period: Period
    person: int | None = None
    model: str = ""
    credential: int | None = None
    film: int | None = None

    @property
    def totals(self) -> TotalQuerySet:
        """All that was moved but holds, which are no use."""
        return Total.objects.filter(**self._chosen).exclude(kind=EntryKind.HOLD).order_by()

    def entries(self, what: str) -> "QuerySet[Entry]":
        """The rows under a figure (one of ``ROWS``), newest first."""
        rows = Entry.objects.filter(ROWS[what], **self._chosen).order_by("-day", "-pk")
        if self.film:
            rows = rows.filter(model__in=WORK).alias(of=OF_FILM).filter(of=self.film)
        return rows

    @cached_property
    def days(self) -> dict[date, Sum]:
        """Every day of the period, those too on which nothing moved."""
        found = {row.pop("day"): Sum(**row) for row in self._by_day()}
        return {day: found.get(day, Sum()) for day in self.period}

    def _by_day(self) -> Iterable[dict[str, Any]]:
        """From the few rows of whole days, unless one person's or model's part is asked for."""
        rows: Any = self.totals.values("day").annotate(**SUMS)
        if not (self.person or self.model):
            of_days = DayTotal.objects.filter(**self._chosen).order_by()
            rows = of_days.values("day").annotate(**DAY_SUMS)
        return rows  # type: ignore[no-any-return]

    @cached_property
    def whole(self) -> Sum:
        return sum(self.days.values(), Sum())

    def by(self, name: str) -> list[tuple[Any, Sum]]:
        """For each ``person``, ``model`` or ``credential``, the most expensive first."""
        found: dict[Any, Sum] = {}
        for row, one in self._parts:
            found[row[name]] = found.get(row[name], Sum()) + one
        return _dearest_first(found)

    @cached_property
    def _parts(self) -> list[tuple[dict[str, Any], Sum]]:
        """Every person's use of every model on every key, read once for all the lists."""
        rows: Any = self.totals.values("person", "model", "credential").annotate(**SUMS)
        return [(row, Sum(**{name: row[name] for name in SUMS})) for row in rows]

    def by_film(self) -> list[tuple[int, Sum]]:
        """What each film cost with all its parts; ``clips`` counts the parts that came."""
        entries = Entry.objects.filter(model__in=WORK, **self._chosen).annotate(of=OF_FILM)
        clips = Count("pk", filter=MADE)
        rows: Any = entries.order_by().values("of").annotate(**SUMS | {"clips": clips})
        found = {row["of"]: Sum(**{name: row[name] for name in SUMS}) for row in rows}
        return _dearest_first(found)

    @property
    def _chosen(self) -> dict[str, Any]:
        """What entries and totals alike are narrowed by."""
        perhaps = {"person": self.person, "model": self.model, "credential": self.credential}
        return {
            "team": self.team,
            "unit": self.unit,
            "day__gte": self.period.first,
            "day__lte": self.period.last,
        } | {name: value for name, value in perhaps.items() if value}


def _dearest_first(sums: dict[Any, Sum]) -> list[tuple[Any, Sum]]:
    return sorted(sums.items(), key=lambda row: (-row[1].spent, -row[1].came_back, str(row[0])))
