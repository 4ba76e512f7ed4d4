"""Alarms that time raises: an order that stays unclear, files at risk, links that die early."""

from collections.abc import Collection
from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models import F

from generations import audit, clock, events
from generations.models import File, Task, Team
from generations.models.events import EventKind
from generations.models.tasks import TaskState
from generations.teams import credentials

log = structlog.get_logger(__name__)

UNCLEAR_TOO_LONG = timedelta(minutes=15)


@transaction.atomic
def raise_unclear_alarm(task: Task) -> bool:
    """Raise the one alarm of an order that is unclear for too long; return whether it was."""
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
def warn_at_risk(team: Team, files: Collection[File]) -> None:
    """Warn a team once that half of the life of these files' links is over."""
    Team.next_sequence(team.pk)
    new = File.objects.filter(pk__in=[file.pk for file in files], warned_at=None)
    count = new.update(warned_at=clock.now())
    if count:
        first = min(file.expires_at for file in files if file.expires_at)
        log.warning("files at risk", team=team.pk, files=count, first=first.isoformat())
        audit.record(team, None, "files.at_risk", team, files=count, first=first.isoformat())
        events.record(team, EventKind.FILES_AT_RISK, team.pk, files=count, first=first.isoformat())


def shorten_link_lives(file: File) -> None:
    """Expect the other links of a key to live no longer than this one, which died early."""
    key = file.task.credential
    if file.expires_at is None or clock.now() >= file.expires_at:
        return
    age = clock.now() - file.seen_at
    if not credentials.shorten_link_life(key, age):
        return
    log.warning("link died early", file=file.pk, seconds=age.total_seconds())
    with transaction.atomic():
        Team.next_sequence(file.team_id)
        others = File.objects.unfetched().filter(task__credential=key)
        others.filter(expires_at__gt=F("seen_at") + age).update(expires_at=F("seen_at") + age)
