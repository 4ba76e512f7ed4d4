"""Each minute: find every row that is overdue and ring for it, whatever bell was lost."""

from collections import defaultdict
from datetime import timedelta

from django.db.models import F, Q
from django.db.models.functions import Coalesce

from generations import clock
from generations.models import Attempt, Credential, File, Task, Team
from generations.models.files import FileState
from generations.models.tasks import AT_PROVIDER, AttemptState, TaskState
from generations.providers import PROVIDERS
from generations.providers.contract import Unclear

from . import queue, transitions

SEARCHES = (timedelta(seconds=30), timedelta(minutes=5), timedelta(hours=1))  # by age
BALANCE_AGE = timedelta(minutes=15)
MOST_AT_ONCE = 500


def sweep(number: int) -> None:
    """Ring for all that is overdue; doing it twice rings twice, and changes nothing more."""
    queue.beat(number)
    overdue_sends()
    overdue_tasks()
    unclear_tasks()
    files_at_risk()
    for credential_id in _waiting_credentials():
        queue.ring("send", credential_id)
    for file_id in _idle_files():
        queue.ring("mirror", file_id)
    for attempt_id in _unclear_attempts():
        queue.ring("find", attempt_id)
    for credential_id in _old_balances():
        queue.ring("balance", credential_id)
    if Task.objects.to_be_deleted().exists():
        queue.ring("empty", 0)
    queue.wake_watch()


def overdue_sends() -> None:
    """A sender that died: what it had not marked never left; what it had marked is unclear."""
    sending = Attempt.objects.filter(
        task__state=TaskState.SENDING, task__lease_until__lte=clock.now()
    ).select_related("task", "credential__team")
    for attempt in sending.filter(state=AttemptState.READY)[:MOST_AT_ONCE]:
        transitions.never_left(attempt)
    for attempt in sending.filter(state=AttemptState.SENT)[:MOST_AT_ONCE]:
        transitions.unclear(attempt, Unclear("sender_died"))


def overdue_tasks() -> None:
    """What the provider never ended within its longest time: nobody knows what became of it."""
    old = Attempt.objects.filter(
        state=AttemptState.ACCEPTED,
        task__state__in=AT_PROVIDER,
        task__accepted_at__lte=clock.now() - transitions.DEADLINE,
    ).select_related("task", "credential__team")
    for attempt in old[:MOST_AT_ONCE]:
        transitions.overdue(attempt)


def unclear_tasks() -> None:
    """Orders that stay unclear: a person must know, once for each."""
    old = clock.now() - transitions.UNCLEAR_TOO_LONG
    tasks = Task.objects.filter(state=TaskState.UNCLEAR, alarmed_at=None, unclear_at__lte=old)
    for task in tasks.select_related("team").order_by("unclear_at")[:MOST_AT_ONCE]:
        transitions.unclear_too_long(task)


def files_at_risk() -> None:
    """Half of a link's life is over and its file is not here: one notice for each team."""
    now = clock.now()
    unfetched = File.objects.unfetched().filter(noticed_at=None, expires_at__isnull=False)
    at_risk: dict[Team, list[File]] = defaultdict(list)
    for file in unfetched.select_related("team").most_urgent_first()[:MOST_AT_ONCE]:
        if file.half_of_life and file.half_of_life <= now:
            at_risk[file.team].append(file)
    for team, files in at_risk.items():
        transitions.at_risk(team, files)


def _waiting_credentials() -> list[int]:
    waiting = Credential.objects.filter(
        paused_at=None, removed_at=None, tasks__state=TaskState.WAITING
    )
    return list(waiting.order_by().values_list("pk", flat=True).distinct())


def _old_balances() -> list[int]:
    """Credentials whose balance was not read for a while, so that a top-up is seen."""
    kinds = [kind for kind, adapter in PROVIDERS.items() if adapter.has_balance]
    old = Q(balance_at=None) | Q(balance_at__lte=clock.now() - BALANCE_AGE)
    credentials = Credential.objects.filter(old, kind__in=kinds, paused_at=None, removed_at=None)
    return list(credentials.values_list("pk", flat=True))


def _idle_files() -> list[int]:
    now = clock.now()
    idle = Q(lease_until=None) | Q(lease_until__lte=now)
    due = Q(not_before=None) | Q(not_before__lte=now)
    files = File.objects.filter(idle, due, state__in=[FileState.REMOTE, FileState.FETCHING])
    return list(files.most_urgent_first().values_list("pk", flat=True)[:MOST_AT_ONCE])


def _unclear_attempts() -> list[int]:
    """Unclear ones are searched for often at first, then ever more seldom."""
    now = clock.now()
    unclear = (
        Attempt.objects.filter(
            state=AttemptState.UNCLEAR, task__state=TaskState.UNCLEAR, credential__paused_at=None
        )
        .order_by(F("looked_at").asc(nulls_first=True))
        .values_list("pk", Coalesce("sent_at", "created_at"), "looked_at")
    )
    return [
        pk
        for pk, since, looked_at in unclear[:MOST_AT_ONCE]
        if looked_at is None or now - looked_at >= _pause(now - since)
    ]


def _pause(age: timedelta) -> timedelta:
    quick, slow, rare = SEARCHES
    if age < timedelta(minutes=15):
        return quick
    return slow if age < timedelta(hours=6) else rare
