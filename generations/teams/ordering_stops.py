"""What keeps orders from leaving: a switch for all and one for each team, a copied database, a
disk that is nearly full, a team's quota.

What was ordered already and waits stays held and waits; what a provider has is still asked for and
fetched.
"""

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Sum

from generations import audit, clock
from generations.models import File, Installation, Task, Team, Upload, User
from generations.models.files import FileState
from generations.models.tasks import TaskQuerySet, TaskState
from generations.storage import store

from . import installation

COPIED, STOPPED, TEAM_STOPPED = "copied", "stopped", "team_stopped"
LOW_DISK, QUOTA = "low_disk", "quota"
HELD_BACK = (COPIED, STOPPED, TEAM_STOPPED, LOW_DISK)  # why a task waits, of its own ``reason``
MEGABYTE = 1_000_000


def against_sending(team: Team) -> str:
    """Why nothing of a team may leave for a provider now; "" where it may."""
    if row := Installation.objects.first():
        if not installation.is_at_home(row):
            return COPIED
        if row.stopped_at:
            return STOPPED
    if team.stopped_at:
        return TEAM_STOPPED
    return LOW_DISK if store.free() < settings.MIN_FREE_MB * MEGABYTE else ""


def against_ordering(team: Team) -> str:
    """Why a team may order nothing new now; "" where it may."""
    return against_sending(team) or (QUOTA if is_full(team) else "")


def against_fetching() -> bool:
    """Whether the last of the disk is reached, which the database needs for itself."""
    return store.free() < settings.MIN_FREE_MB * MEGABYTE // 4


def is_full(team: Team) -> bool:
    """Whether a team keeps as much as it may."""
    return team.quota is not None and used(team) >= team.quota


def used(team: Team) -> int:
    """The bytes that a team's results and pictures take; bytes that are shared count once."""
    kept = File.objects.filter(team=team, state=FileState.STORED)
    each = kept.order_by().values("sha256").annotate(bytes=Max("size"))
    results = each.aggregate(sum=Sum("bytes", default=0))["sum"]
    pictures = Upload.objects.filter(team=team).aggregate(sum=Sum("size", default=0))["sum"]
    return int(results + pictures)


@transaction.atomic
def stop(by: User | None) -> bool:
    """Let nothing leave any more, of any team; False where that is so already."""
    Installation.here()
    now = clock.now()
    stopped = Installation.objects.filter(stopped_at=None).update(stopped_at=now, stopped_by=by)
    if stopped:
        _record("ordering.stopped", by)
    return bool(stopped)


@transaction.atomic
def allow(by: User | None) -> None:
    """End the stop for all; also the doubt of a copied database, of which this is now the one."""
    if not installation.is_at_home():
        installation.renew()
        _record("ordering.released", by)
    if Installation.objects.filter(stopped_at__isnull=False).update(
        stopped_at=None, stopped_by=None
    ):
        _record("ordering.allowed", by)
    _let_go(Task.objects.all())


@transaction.atomic
def stop_team(team: Team, by: User) -> None:
    if Team.objects.filter(pk=team.pk, stopped_at=None).update(
        stopped_at=clock.now(), stopped_by=by
    ):
        audit.record(team, by, "team.ordering_stopped", team)


@transaction.atomic
def allow_team(team: Team, by: User) -> None:
    if Team.objects.filter(pk=team.pk, stopped_at__isnull=False).update(
        stopped_at=None, stopped_by=None
    ):
        audit.record(team, by, "team.ordering_allowed", team)
        _let_go(Task.objects.for_team(team))


def _let_go(tasks: TaskQuerySet) -> None:
    """What was held back is due at once; the watch rings for it."""
    held = tasks.filter(state=TaskState.WAITING, reason__in=HELD_BACK)
    for team_id in list(held.order_by().values_list("team", flat=True).distinct()):
        version = Team.next_sequence(team_id)
        held.filter(team=team_id).update(reason="", version=version, not_before=clock.now())


def _record(verb: str, by: User | None) -> None:
    """An act on the whole installation stands in every team's history."""
    for team in Team.objects.order_by("pk"):
        audit.record(team, by, verb, "Rushes")
