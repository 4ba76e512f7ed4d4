"""Each minute: find every row that is overdue and queue it again, whatever job was lost."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta

from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from generations import clock
from generations.models import Attempt, Credential, Entry, File, Task, Team
from generations.models.files import FileState
from generations.models.films import FILM
from generations.models.leases import idle
from generations.models.ledger import CLOSING
from generations.models.tasks import AT_PROVIDER, AttemptState, TaskState
from generations.providers import PROVIDERS
from generations.providers.contract import Unclear

from . import queue, transitions

SEARCH_INTERVALS = (timedelta(seconds=30), timedelta(minutes=5), timedelta(hours=1))  # by age
BALANCE_AGE = timedelta(minutes=15)
LATE_TIMES = 3  # the usual time
LEAST_LATE = timedelta(minutes=3)  # whatever is usual: a quick model may wait in line for once
LATE_WITHOUT_HISTORY = timedelta(minutes=30)
LATE_FILM = timedelta(hours=2)
ASK_FOR_LOST = timedelta(days=15)  # after the task's end
MOST_AT_ONCE = 500  # the rest is found a minute later


def sweep(row_id: int) -> None:
    """Queue all that is overdue. Running twice queues twice, and changes nothing more."""
    queue.record_heartbeat(row_id)
    # The transitions first, so that what they let wait or make unclear is queued by this sweep.
    _end_overdue_sends()
    _mark_overdue_tasks()
    _mark_late_tasks()
    _raise_unclear_alarms()
    _warn_of_files_at_risk()
    for credential_id in _waiting_credentials():
        queue.enqueue("send", credential_id)
    for file_id in _idle_files():
        queue.enqueue("fetch", file_id)
    for file_id in _lost_files():
        queue.enqueue("ask_for_lost", file_id)
    for file_id in _files_without_proxy():
        queue.enqueue("proxy", file_id)
    for attempt_id in _unclear_attempts():
        queue.enqueue("recover", attempt_id)
    for credential_id in _old_balances():
        queue.enqueue("balance", credential_id)
    if Task.objects.due_for_deletion().exists():
        queue.enqueue("purge", 0)
    queue.wake_poller()


def _end_overdue_sends() -> None:
    """Requeue what a dead sender had not marked as sent; what it had marked is unclear."""
    sending = Attempt.objects.filter(
        task__state=TaskState.SENDING, task__lease_until__lte=clock.now()
    ).select_related("task", "credential__team")
    # A sender may wake up after this reading. Each transition asks again, and then does nothing.
    for attempt in sending.filter(state=AttemptState.READY)[:MOST_AT_ONCE]:
        transitions.requeue_unsent(attempt)
    for attempt in sending.filter(state=AttemptState.SENT)[:MOST_AT_ONCE]:
        transitions.mark_unclear(attempt, Unclear("sender_died"))


def _mark_overdue_tasks() -> None:
    """Mark as unclear what the provider has not ended within its longest time."""
    old = Attempt.objects.filter(
        state=AttemptState.ACCEPTED,
        task__state__in=AT_PROVIDER,
        task__accepted_at__lte=clock.now() - transitions.DEADLINE,
    ).select_related("task", "credential__team")
    for attempt in old[:MOST_AT_ONCE]:
        transitions.mark_overdue(attempt)


def _mark_late_tasks() -> None:
    """Mark once what runs for far longer than such clips of its team usually take."""
    now = clock.now()
    running = Task.objects.filter(
        state__in=AT_PROVIDER, late_at=None, accepted_at__lte=now - LEAST_LATE
    ).exclude(settings__has_key="off_peak")  # may take until the deadline, and is unclear then
    by_team: dict[Team, list[Task]] = defaultdict(list)
    for task in running.select_related("team").order_by("accepted_at")[:MOST_AT_ONCE]:
        by_team[task.team].append(task)
    for team, tasks in by_team.items():
        usual = Task.objects.usual_seconds(team)
        for task in tasks:
            if task.accepted_at and now - task.accepted_at >= _late_after(task, usual):
                transitions.mark_late(task)


def _late_after(task: Task, usual: Mapping[str, tuple[int, int]]) -> timedelta:
    """Return after what time a task is late: three times the slower half of such clips."""
    if task.model in usual and not task.is_imported:
        _low, high = usual[task.model]
        return max(LATE_TIMES * timedelta(seconds=high), LEAST_LATE)
    return LATE_FILM if task.kind == FILM else LATE_WITHOUT_HISTORY


def _raise_unclear_alarms() -> None:
    """Raise the alarm of orders that stay unclear, once for each."""
    old = clock.now() - transitions.UNCLEAR_TOO_LONG
    tasks = Task.objects.filter(state=TaskState.UNCLEAR, alarmed_at=None, unclear_at__lte=old)
    for task in tasks.select_related("team").order_by("unclear_at")[:MOST_AT_ONCE]:
        transitions.raise_unclear_alarm(task)


def _warn_of_files_at_risk() -> None:
    """Warn each team once of files at half of their links' lives."""
    now = clock.now()
    unfetched = File.objects.unfetched().filter(warned_at=None, expires_at__isnull=False)
    at_risk: dict[Team, list[File]] = defaultdict(list)
    for file in unfetched.select_related("team").most_urgent_first()[:MOST_AT_ONCE]:
        if file.half_of_life and file.half_of_life <= now:
            at_risk[file.team].append(file)
    for team, files in at_risk.items():
        transitions.warn_at_risk(team, files)


def _waiting_credentials() -> list[int]:
    waiting = Credential.objects.filter(
        paused_at=None, removed_at=None, tasks__state=TaskState.WAITING
    )
    return list(waiting.order_by().values_list("pk", flat=True).distinct())


def _old_balances() -> list[int]:
    """Return the credentials whose balance is old, or was read before the last order ended."""
    kinds = [kind for kind, adapter in PROVIDERS.items() if adapter.has_balance]
    closings = Entry.objects.filter(credential=OuterRef("pk"), kind__in=CLOSING)
    last_end = Subquery(closings.order_by("-day", "-pk").values("at")[:1])
    old = Q(balance_at=None) | Q(balance_at__lte=clock.now() - BALANCE_AGE)
    old |= Q(balance_at__lt=last_end)
    credentials = Credential.objects.filter(old, kind__in=kinds, paused_at=None, removed_at=None)
    return list(credentials.values_list("pk", flat=True))


def _idle_files() -> list[int]:
    now = clock.now()
    due = Q(not_before=None) | Q(not_before__lte=now)
    files = File.objects.unfetched().filter(idle(now), due)
    return list(files.most_urgent_first().values_list("pk", flat=True)[:MOST_AT_ONCE])


def _lost_files() -> list[int]:
    """Return the lost files whose provider is to be asked again, while it may still have them."""
    now = clock.now()
    lost = File.objects.filter(
        state=FileState.LOST,
        not_before__lte=now,
        task__state=TaskState.SUCCEEDED,
        task__finished_at__gt=now - ASK_FOR_LOST,
        task__trashed_at=None,
        task__credential__removed_at=None,
        task__credential__paused_at=None,
    )
    return list(lost.order_by("not_before").values_list("pk", flat=True)[:MOST_AT_ONCE])


def _files_without_proxy() -> list[int]:
    """Return the one file whose copy for browsers is due first: each job queues the next."""
    due = File.objects.filter(state=FileState.STORED, not_before__lte=clock.now())
    return list(due.order_by("not_before").values_list("pk", flat=True)[:1])


def _unclear_attempts() -> list[int]:
    """Return unclear attempts that are due: searched for often at first, then ever more seldom."""
    now = clock.now()
    unclear = (
        Attempt.objects.filter(
            state=AttemptState.UNCLEAR, task__state=TaskState.UNCLEAR, credential__paused_at=None
        )
        # Longest ago first: so also of more than MOST_AT_ONCE each has its turn.
        .order_by(F("searched_at").asc(nulls_first=True))
        # Without sent_at it was not sent from here: it waited in a copied database.
        .values_list("pk", Coalesce("sent_at", "created_at"), "searched_at")
    )
    return [
        pk
        for pk, since, searched_at in unclear[:MOST_AT_ONCE]
        if searched_at is None or now - searched_at >= _pause(now - since)
    ]


def _pause(age: timedelta) -> timedelta:
    quick, slow, rare = SEARCH_INTERVALS
    if age < timedelta(minutes=15):
        return quick
    return slow if age < timedelta(hours=6) else rare
