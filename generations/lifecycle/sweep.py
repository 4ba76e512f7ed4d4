"""Each minute: find every row that is overdue and queue it again, whatever job was lost."""

from collections import defaultdict
from datetime import timedelta

from django.db.models import F, Q
from django.db.models.functions import Coalesce

from generations import clock
from generations.models import Attempt, Credential, File, Task, Team
from generations.models.leases import idle
from generations.models.tasks import AT_PROVIDER, AttemptState, TaskState
from generations.providers import PROVIDERS
from generations.providers.contract import Unclear

from . import queue, transitions

SEARCH_INTERVALS = (timedelta(seconds=30), timedelta(minutes=5), timedelta(hours=1))  # by age
BALANCE_AGE = timedelta(minutes=15)
MOST_AT_ONCE = 500  # the rest is found a minute later


def sweep(row_id: int) -> None:
    """Queue all that is overdue. Running twice queues twice, and changes nothing more."""
    queue.record_heartbeat(row_id)
    # The transitions first, so that what they let wait or make unclear is queued by this sweep.
    _end_overdue_sends()
    _mark_overdue_tasks()
    _raise_unclear_alarms()
    _warn_of_files_at_risk()
    for credential_id in _waiting_credentials():
        queue.enqueue("send", credential_id)
    for file_id in _idle_files():
        queue.enqueue("fetch", file_id)
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
    """Return the credentials whose balance is old, so that a top-up is seen."""
    kinds = [kind for kind, adapter in PROVIDERS.items() if adapter.has_balance]
    old = Q(balance_at=None) | Q(balance_at__lte=clock.now() - BALANCE_AGE)
    credentials = Credential.objects.filter(old, kind__in=kinds, paused_at=None, removed_at=None)
    return list(credentials.values_list("pk", flat=True))


def _idle_files() -> list[int]:
    now = clock.now()
    due = Q(not_before=None) | Q(not_before__lte=now)
    files = File.objects.unfetched().filter(idle(now), due)
    return list(files.most_urgent_first().values_list("pk", flat=True)[:MOST_AT_ONCE])


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
