"""What is seen in time: an order that stays unclear, files that may be lost, links that die."""

from collections.abc import Collection
from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models import F

from generations import audit, clock
from generations.models import File, Task, Team
from generations.models.tasks import TaskState
from generations.teams import credentials

log = structlog.get_logger(__name__)

UNCLEAR_TOO_LONG = timedelta(minutes=15)


@transaction.atomic
def unclear_too_long(task: Task) -> bool:
    """Raise the one alarm of an order that nobody found and nobody decided; pages show it."""
    version = Team.next_sequence(task.team_id)
    raised = Task.objects.filter(
        pk=task.pk,
        state=TaskState.UNCLEAR,
        alarmed_at=None,
        unclear_at__lte=clock.now() - UNCLEAR_TOO_LONG,
    ).update(alarmed_at=clock.now(), version=version)
    if raised:
        log.error("alarm", task=task.pk, code="unclear", detail=task.code)
        audit.record(task.team, None, "task.unclear", task)
    return bool(raised)


@transaction.atomic
def at_risk(team: Team, files: Collection[File]) -> None:
    """Half of their links' lives is over and they are not here: one notice for all of a team."""
    Team.next_sequence(team.pk)
    fresh = File.objects.filter(pk__in=[file.pk for file in files], noticed_at=None)
    number = fresh.update(noticed_at=clock.now())
    if number:
        first = min(file.expires_at for file in files if file.expires_at)
        log.warning("files at risk", team=team.pk, files=number, first=first.isoformat())
        audit.record(team, None, "files.at_risk", team, files=number, first=first.isoformat())


def link_died(file: File) -> None:
    """Before its time: the other links of its key are believed to live no longer than this one."""
    key = file.task.credential
    if file.expires_at is None or clock.now() >= file.expires_at:
        return
    age = clock.now() - file.seen_at
    if not credentials.link_died(key, age):
        return
    log.warning("link died early", file=file.pk, seconds=age.total_seconds())
    with transaction.atomic():
        Team.next_sequence(file.team_id)
        others = File.objects.unfetched().filter(task__credential=key)
        others.filter(expires_at__gt=F("seen_at") + age).update(expires_at=F("seen_at") + age)
