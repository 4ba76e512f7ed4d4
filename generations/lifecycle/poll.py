"""Ask for every task that a provider has, when it is due and within each key's request budget.

One process at a time holds the lease and goes round in three phases that never mix: read rows; ask
all providers at once, without the database; write rows. The same round queues what waits to be
sent or fetched.
"""

import asyncio
import time
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import httpx
import structlog
from django.db import transaction
from django.db.models import Count, F, Q

from generations import clock
from generations.models import Attempt, Credential, File, Film, Lease, Task
from generations.models.leases import idle
from generations.models.tasks import AT_PROVIDER, BUSY, LIVE, AttemptState, TaskState
from generations.net.client import async_client, run_flow_async
from generations.providers import provider
from generations.providers.contract import Access, ProviderError, Report, Unauthorised, Unavailable
from generations.teams import provider_access

from . import queue, transitions

log = structlog.get_logger(__name__)

LEASE = "poll"
# More than one round can take, because one question has 30 s.
LEASE_SECONDS = 45
SHIFT_SECONDS = 100  # with the last round well below a job's time limit (JOB_SECONDS)
ROUND_SECONDS = 0.5
MOST_IN_A_ROUND = 200  # fewer than the connections of one client (net.client)
ENQUEUE_AGAIN_SECONDS = 5

type Answer = tuple[Attempt, Report | ProviderError]


def poll(shift: int) -> None:
    """Go round until nothing is left to ask for, or until it is time for the next job."""
    holder = uuid.uuid4().hex
    if not Lease.acquire(LEASE, holder, LEASE_SECONDS):
        return
    ends = time.monotonic() + SHIFT_SECONDS  # real seconds: the wall clock may be set
    throttle = EnqueueThrottle()
    try:
        with asyncio.Runner() as runner:
            # The lease is renewed for each round. Where it is lost, because a round hung, another
            # poller has it already.
            while (
                _has_work()
                and time.monotonic() < ends
                and Lease.acquire(LEASE, holder, LEASE_SECONDS)
            ):
                go_round(runner, throttle)
                runner.run(clock.sleep(ROUND_SECONDS))
    finally:
        Lease.release(LEASE, holder)
    # Once more after the release: whoever wanted the poller before it found the lease taken.
    if _has_work():
        queue.enqueue("poll", shift + 1)


class EnqueueThrottle:
    """What this job has queued lately, so that the same job is not queued again at once."""

    def __init__(self, every: float = ENQUEUE_AGAIN_SECONDS) -> None:
        self._every = every
        self._enqueued: dict[tuple[str, int], float] = {}

    def enqueue(self, job: str, row_id: int) -> None:
        now = time.monotonic()
        if self._enqueued.get((job, row_id), 0) <= now - self._every:
            self._enqueued[job, row_id] = now
            queue.enqueue(job, row_id)


def go_round(runner: asyncio.Runner, throttle: EnqueueThrottle) -> None:
    """Ask for what is due, then queue what is to be sent or fetched."""
    if due := _read():
        _write(runner.run(_ask_all(_with_access(due))))
    _enqueue_senders(throttle)
    _enqueue_files(throttle)
    _enqueue_films(throttle)


def _has_work() -> bool:
    # What waits for a paused key goes nowhere until the key is resumed: no poller runs for it.
    stuck = Q(state=TaskState.WAITING, credential__paused_at__isnull=False)
    live = Task.objects.filter(state__in=LIVE, credential__removed_at=None).exclude(stuck)
    return live.exists() or File.objects.unfetched().exists() or Film.objects.expected().exists()


# ---- Read -----------------------------------------------------------------------------------


def _read() -> list[Attempt]:
    """Return what is due, longest overdue first, as far as each key's request budget reaches."""
    attempts = (
        Attempt.objects.filter(
            state=AttemptState.ACCEPTED,
            task__state__in=AT_PROVIDER,
            task__check_at__lte=clock.now(),
            credential__removed_at=None,
        )
        .select_related("task__team", "credential__team")
        .defer("reply", "report", "first_report")  # as large as a page, and not asked for here
        .order_by("task__check_at")[:MOST_IN_A_ROUND]
    )
    by_credential: dict[int, list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        by_credential[attempt.credential_id].append(attempt)
    orders_wait = _with_orders_to_send(by_credential) if by_credential else set()
    due: list[Attempt] = []
    for credential_id, waiting in by_credential.items():
        # Else the questions of a full key would take each request before the sender comes to it.
        keep = 1 if credential_id in orders_wait else 0
        due += waiting[: provider_access.take_requests(credential_id, len(waiting), keep=keep)]
    return due


def _with_orders_to_send(credential_ids: Iterable[int]) -> set[int]:
    """Return the keys that must keep one request: a task waits and a slot is free."""
    soon = clock.now() + transitions.SHORT_WAIT
    due = Q(tasks__not_before=None) | Q(tasks__not_before__lte=soon)
    found = (
        Credential.objects.filter(
            pk__in=list(credential_ids), requests_per_minute__gt=0, paused_at=None
        )
        .annotate(
            waiting=Count("tasks", filter=due & Q(tasks__state=TaskState.WAITING)),
            busy=Count("tasks", filter=Q(tasks__state__in=BUSY)),
        )
        .filter(waiting__gt=0, busy__lt=F("slots"))
    )
    return set(found.values_list("pk", flat=True))


def _with_access(due: Sequence[Attempt]) -> list[tuple[Attempt, Access]]:
    """Return each attempt with the access to its account; pause what cannot be decrypted."""
    opened_keys: dict[int, Access | Unauthorised] = {}
    for attempt in due:
        if attempt.credential_id not in opened_keys:
            try:
                opened_keys[attempt.credential_id] = provider_access.access(attempt.credential)
            except Unauthorised as error:
                opened_keys[attempt.credential_id] = error
    opened = []
    for attempt in due:
        way = opened_keys[attempt.credential_id]
        if isinstance(way, Unauthorised):
            transitions.record_no_answer(attempt, way)
        else:
            opened.append((attempt, way))
    return opened


# ---- Ask ------------------------------------------------------------------------------------


async def _ask_all(asked: Sequence[tuple[Attempt, Access]]) -> list[Answer]:
    """Ask for all at once. Each origin has a client of its own, which keeps its pool small."""
    clients: dict[str, httpx.AsyncClient] = {}
    policy = provider_access.policy()
    try:
        for _attempt, access in asked:
            if access.base_url not in clients:
                clients[access.base_url] = async_client(policy)
        return await asyncio.gather(*(_ask(attempt, access, clients) for attempt, access in asked))
    finally:
        for client in clients.values():
            await client.aclose()


async def _ask(
    attempt: Attempt, access: Access, clients: Mapping[str, httpx.AsyncClient]
) -> Answer:
    adapter = provider(attempt.credential.kind)
    try:
        wanted = transitions.wanted_roles(attempt.task)
        flow = adapter.check(access, attempt.remote_id, wanted=wanted)
        return attempt, await run_flow_async(flow, clients[access.base_url])
    except ProviderError as error:
        return attempt, error
    except Exception as error:
        # One reply that we misread must not stop the questions for the others.
        log.exception("reply not understood", attempt=attempt.pk)
        return attempt, Unavailable("misread", repr(error))


# ---- Write ----------------------------------------------------------------------------------


def _write(answers: Sequence[Answer]) -> None:
    """Write each answer with news by itself, and all others in one transaction."""
    unchanged = []
    good: set[int] = set()
    for attempt, answer in answers:
        if isinstance(answer, ProviderError):
            transitions.record_no_answer(attempt, answer)
            continue
        good.add(attempt.credential_id)
        if transitions.has_news(attempt, answer):
            transitions.apply_report(attempt, answer)
        else:
            unchanged.append(attempt)
    with transaction.atomic():
        transitions.reschedule(unchanged)
        Credential.objects.filter(pk__in=good).update(last_good_at=clock.now(), doubted_at=None)


# ---- Queue ----------------------------------------------------------------------------------


def _enqueue_senders(throttle: EnqueueThrottle) -> None:
    """Queue the senders of credentials with a task whose time to be tried again has come."""
    due = Task.objects.filter(
        state=TaskState.WAITING,
        not_before__lte=clock.now(),
        credential__paused_at=None,
        credential__removed_at=None,
    )
    for credential_id in due.order_by().values_list("credential", flat=True).distinct():
        throttle.enqueue("send", credential_id)


def _enqueue_files(throttle: EnqueueThrottle) -> None:
    """Queue the files whose next try has come."""
    now = clock.now()
    due = File.objects.unfetched().filter(idle(now), not_before__lte=now).most_urgent_first()
    for file_id in due.values_list("pk", flat=True)[:MOST_IN_A_ROUND]:
        throttle.enqueue("fetch", file_id)


def _enqueue_films(throttle: EnqueueThrottle) -> None:
    """Queue the films whose tree is to be read."""
    for film_id in Film.objects.due(clock.now()).values_list("pk", flat=True)[:MOST_IN_A_ROUND]:
        throttle.enqueue("film", film_id)
