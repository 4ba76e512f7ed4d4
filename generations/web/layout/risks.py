"""What pages warn of: unclear orders, files whose links expire soon, and a silent worker."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, Min, Sum
from django.http import HttpRequest

from generations import clock
from generations.models import Attempt, File, Heartbeat, Task, Team
from generations.models.files import FileQuerySet, FileState
from generations.models.tasks import LIVE, AttemptState, TaskState
from generations.providers.catalogue import catalogue

SILENT_TOO_LONG = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class AtRisk:
    """How many files are at risk, and when the first link expires."""

    files: int
    first: datetime

    @property
    def is_late(self) -> bool:
        """Whether the first link has expired already."""
        return self.first <= clock.now()


@dataclass(frozen=True, slots=True)
class UnclearOrders:
    """How many orders are unclear, since when at the longest; ``held`` by unit."""

    tasks: int
    since: datetime | None
    held: Sequence[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Silence:
    """For how long; how many files nobody fetches meanwhile, and when the first link expires."""

    length: timedelta
    files: int
    first: datetime | None

    @property
    def is_late(self) -> bool:
        """Whether the first link has expired already."""
        return self.first is not None and self.first <= clock.now()


def visible_risks(team: Team) -> set[str]:
    """Return which of both a page must show, in one query: ``at_risk``, ``unclear``."""
    # Every page asks this, and mostly neither is there: the sums are asked for afterwards.
    files = _warned_files(team).order_by().values("pk")
    orders = Task.objects.for_team(team).filter(state=TaskState.UNCLEAR, alarmed_at__isnull=False)
    found = (
        Team.objects.filter(pk=team.pk)
        .annotate(at_risk=Exists(files), unclear=Exists(orders.values("pk")))
        .values("at_risk", "unclear")
        .get()
    )
    return {name for name, is_so in found.items() if is_so}


def at_risk(team: Team) -> AtRisk | None:
    """Return the files at risk of which a warning was raised, None where there are none."""
    found = _warned_files(team).aggregate(files=Count("expires_at"), first=Min("expires_at"))
    return AtRisk(found["files"], found["first"]) if found["files"] else None


def _warned_files(team: Team) -> FileQuerySet:
    return File.objects.for_team(team).unfetched().filter(warned_at__isnull=False)


def unclear(team: Team, *, alarmed: bool = False) -> UnclearOrders | None:
    """Return the unclear orders of a team, or only the ``alarmed``; None where there are none."""
    tasks = Task.objects.for_team(team).filter(state=TaskState.UNCLEAR, trashed_at=None)
    if alarmed:
        tasks = tasks.filter(alarmed_at__isnull=False)
    found = tasks.aggregate(tasks=Count("pk"), since=Min("unclear_at"))
    if not found["tasks"]:
        return None
    return UnclearOrders(found["tasks"], found["since"], _held(team, alarmed=alarmed))


def _held(team: Team, *, alarmed: bool) -> list[tuple[int, str]]:
    attempts = Attempt.objects.filter(
        task__team=team, task__state=TaskState.UNCLEAR, state=AttemptState.UNCLEAR
    )
    if alarmed:
        attempts = attempts.filter(task__alarmed_at__isnull=False)
    sums: dict[str, int] = {}
    rows = (
        attempts.order_by().values_list("credential__kind").annotate(sum=Sum("estimate", default=0))
    )
    for kind, held in rows:
        unit = catalogue(kind).unit
        sums[unit] = sums.get(unit, 0) + held
    return [(held, unit) for unit, held in sums.items() if held]


def silence(team: Team) -> Silence | None:
    """Return how long the worker is silent; None while it works or the team waits for nothing."""
    # Without a row the worker has never run; then health.py says so, and no page warns.
    last = Heartbeat.objects.filter(name="cluster", at__lt=clock.now() - SILENT_TOO_LONG).first()
    if last is None:
        return None
    links = File.objects.for_team(team).filter(state__in=[FileState.REMOTE, FileState.FETCHING])
    # Count("expires_at") leaves out the files whose link has no known end.
    risk = links.aggregate(files=Count("expires_at"), first=Min("expires_at"))
    if not risk["files"] and not Task.objects.for_team(team).filter(state__in=LIVE).exists():
        return None
    return Silence(clock.now() - last.at, **risk)


def has_news(request: HttpRequest, team: Team) -> bool:
    """Return whether a poll must be answered though nothing changed: the notice comes or goes."""
    return "silent" in request.GET or silence(team) is not None
