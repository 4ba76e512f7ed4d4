"""What a team may lose: orders that stay unclear, and files whose links expire soon."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, Min, Sum

from generations import clock
from generations.models import Attempt, File, Task, Team
from generations.models.files import FileQuerySet
from generations.models.tasks import AttemptState, TaskState
from generations.providers.catalogue import catalogue


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


def visible_risks(team: Team) -> set[str]:
    """Return which of both a page must show, in one query: ``at_risk``, ``unclear``."""
    files = _warned_files(team).order_by().values("pk")
    orders = Task.objects.for_team(team).filter(state=TaskState.UNCLEAR, alarmed_at__isnull=False)
    found = (
        Team.objects.filter(pk=team.pk)
        .annotate(at_risk=Exists(files), unclear=Exists(orders.values("pk")))
        .values("at_risk", "unclear")
        .get()
    )
    return {name for name, is_so in found.items() if is_so}


def _warned_files(team: Team) -> FileQuerySet:
    return File.objects.for_team(team).unfetched().filter(warned_at__isnull=False)


def at_risk(team: Team) -> AtRisk | None:
    """Return the files at risk of which a warning was raised, None where there are none."""
    found = _warned_files(team).aggregate(files=Count("expires_at"), first=Min("expires_at"))
    return AtRisk(found["files"], found["first"]) if found["files"] else None


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
    rows = attempts.order_by().values_list("credential__kind").annotate(sum=Sum("estimate"))
    for kind, held in rows:
        unit = catalogue(kind).unit
        sums[unit] = sums.get(unit, 0) + held
    return [(held, unit) for unit, held in sums.items() if held]
