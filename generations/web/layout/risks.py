"""What a team may lose: orders that stay unclear, and files whose links will die before long."""

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
    """So many files are told to be at risk; the first link dies then."""

    files: int
    first: datetime

    @property
    def is_late(self) -> bool:
        """Whether the first link is dead by its date already."""
        return self.first <= clock.now()


@dataclass(frozen=True, slots=True)
class Unclear:
    """So many orders are unclear, since then at the longest; ``held`` by unit."""

    tasks: int
    since: datetime | None
    held: Sequence[tuple[int, str]]


def told(team: Team) -> set[str]:
    """Of which of both a page must speak, in one question: ``at_risk``, ``unclear``."""
    files = _told_files(team).order_by().values("pk")
    orders = Task.objects.for_team(team).filter(state=TaskState.UNCLEAR, alarmed_at__isnull=False)
    found = (
        Team.objects.filter(pk=team.pk)
        .annotate(at_risk=Exists(files), unclear=Exists(orders.values("pk")))
        .values("at_risk", "unclear")
        .get()
    )
    return {name for name, is_so in found.items() if is_so}


def _told_files(team: Team) -> FileQuerySet:
    return File.objects.for_team(team).unfetched().filter(noticed_at__isnull=False)


def at_risk(team: Team) -> AtRisk | None:
    """None while nothing of it was told."""
    found = _told_files(team).aggregate(files=Count("expires_at"), first=Min("expires_at"))
    return AtRisk(found["files"], found["first"]) if found["files"] else None


def unclear(team: Team, *, alarmed: bool = False) -> Unclear | None:
    """All of a team, or those alone of which an alarm was raised; None where there is none."""
    tasks = Task.objects.for_team(team).filter(state=TaskState.UNCLEAR, binned_at=None)
    if alarmed:
        tasks = tasks.filter(alarmed_at__isnull=False)
    found = tasks.aggregate(tasks=Count("pk"), since=Min("unclear_at"))
    if not found["tasks"]:
        return None
    return Unclear(found["tasks"], found["since"], _held(team, alarmed=alarmed))


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
