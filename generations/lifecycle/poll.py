"""Look after every task that a provider has: ask when due, within each key's budget (design 4).

One process at a time holds the lease and goes round in three phases that never mix: read rows;
talk, without the database; write rows. The same round rings for what waits to be sent or fetched.
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
from generations.models.files import FileQuerySet, FileState
from generations.models.tasks import AT_PROVIDER, BUSY, LIVE, AttemptState, TaskState
from generations.net.client import async_client
from generations.net.drive import adrive
from generations.providers import provider
from generations.providers.contract import Access, ProviderError, Report, Unauthorised, Unavailable
from generations.teams import credentials

from . import queue, transitions

log = structlog.get_logger(__name__)

LEASE = "watch"
LEASE_SECONDS = 45  # more than one round can take: a question has 30 s
SHIFT_SECONDS = 100  # well below a job's own time limit
ROUND_SECONDS = 0.5
MOST_IN_A_ROUND = 200
RING_AGAIN_SECONDS = 5

type Answer = tuple[Attempt, Report | ProviderError]


def watch(shift: int) -> None:
    """Watch until nothing is left to watch, or until it is time for a successor."""
    holder = uuid.uuid4().hex
    if not Lease.take(LEASE, holder, LEASE_SECONDS):
        return
    ends = time.monotonic() + SHIFT_SECONDS
    bells = Bells()
    try:
        with asyncio.Runner() as runner:
            while (
                _anything_left()
                and time.monotonic() < ends
                and Lease.take(LEASE, holder, LEASE_SECONDS)
            ):
                go_round(runner, bells)
                runner.run(clock.sleep(ROUND_SECONDS))
    finally:
        Lease.give_back(LEASE, holder)
    if _anything_left():
        queue.ring("watch", shift + 1)


class Bells:
    """What this shift has rung for; the same bell is not rung again at once."""

    def __init__(self, every: float = RING_AGAIN_SECONDS) -> None:
        self._every = every
        self._rung: dict[tuple[str, int], float] = {}

    def ring(self, verb: str, number: int) -> None:
        now = time.monotonic()
        if self._rung.get((verb, number), 0) <= now - self._every:
            self._rung[verb, number] = now
            queue.ring(verb, number)


def go_round(runner: asyncio.Runner, bells: Bells) -> None:
    """Ask for what is due, and ring for what is to be sent or fetched."""
    if due := _read():
        _write(runner.run(_talk(_with_access(due))))
    _ring_for_senders(bells)
    _ring_for_files(bells)
    _ring_for_films(bells)


def _anything_left() -> bool:
    stuck = Q(state=TaskState.WAITING, credential__paused_at__isnull=False)
    live = Task.objects.filter(state__in=LIVE, credential__removed_at=None).exclude(stuck)
    return live.exists() or unfetched().exists() or Film.objects.expected().exists()


# ---- Read -----------------------------------------------------------------------------------


def _read() -> list[Attempt]:
    """What is due, the longest overdue first, as far as each key's budget reaches."""
    attempts = (
        Attempt.objects.filter(
            state=AttemptState.ACCEPTED,
            task__state__in=AT_PROVIDER,
            task__check_at__lte=clock.now(),
            credential__removed_at=None,
        )
        .select_related("task__team", "credential__team")
        .order_by("task__check_at")[:MOST_IN_A_ROUND]
    )
    by_credential: dict[int, list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        by_credential[attempt.credential_id].append(attempt)
    orders_wait = _with_orders_to_send(by_credential) if by_credential else set()
    due: list[Attempt] = []
    for credential_id, waiting in by_credential.items():
        keep = 1 if credential_id in orders_wait else 0
        due += waiting[: credentials.take_requests(credential_id, len(waiting), keep=keep)]
    return due


def _with_orders_to_send(credential_ids: Iterable[int]) -> set[int]:
    """Those whose budget must not all go into questions: a task waits and a slot is free."""
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
    """Each attempt with the way to its account; a key that does not open pauses its credential."""
    ways: dict[int, Access | Unauthorised] = {}
    for attempt in due:
        if attempt.credential_id not in ways:
            try:
                ways[attempt.credential_id] = credentials.access(attempt.credential)
            except Unauthorised as error:
                ways[attempt.credential_id] = error
    opened = []
    for attempt in due:
        way = ways[attempt.credential_id]
        if isinstance(way, Unauthorised):
            transitions.not_answered(attempt, way)
        else:
            opened.append((attempt, way))
    return opened


# ---- Talk -----------------------------------------------------------------------------------


async def _talk(asked: Sequence[tuple[Attempt, Access]]) -> list[Answer]:
    """Ask for all at once; each origin has a client of its own, which keeps its pool small."""
    clients: dict[str, httpx.AsyncClient] = {}
    policy = credentials.policy()
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
        flow = adapter.check(access, attempt.number)
        return attempt, await adrive(flow, clients[access.base_url])
    except ProviderError as error:
        return attempt, error
    except Exception as error:  # one reply that we misread must not stop the watch over the others
        log.exception("reply not understood", attempt=attempt.pk)
        return attempt, Unavailable("misread", repr(error))


# ---- Write ----------------------------------------------------------------------------------


def _write(answers: Sequence[Answer]) -> None:
    unchanged = []
    good: set[int] = set()
    for attempt, answer in answers:
        if isinstance(answer, ProviderError):
            transitions.not_answered(attempt, answer)
            continue
        good.add(attempt.credential_id)
        if transitions.is_news(attempt, answer):
            transitions.reported(attempt, answer)
        else:
            unchanged.append(attempt)
    with transaction.atomic():
        transitions.looked(unchanged)
        Credential.objects.filter(pk__in=good).update(last_good_at=clock.now())


# ---- Ring -----------------------------------------------------------------------------------


def _ring_for_senders(bells: Bells) -> None:
    """Credentials with a task whose time to be tried again has come."""
    due = Task.objects.filter(
        state=TaskState.WAITING,
        not_before__lte=clock.now(),
        credential__paused_at=None,
        credential__removed_at=None,
    )
    for credential_id in due.order_by().values_list("credential", flat=True).distinct():
        bells.ring("send", credential_id)


def unfetched() -> FileQuerySet:
    """Files that are still only at the provider."""
    return File.objects.filter(state__in=[FileState.REMOTE, FileState.FETCHING])


def _ring_for_files(bells: Bells) -> None:
    """Files whose next try has come."""
    now = clock.now()
    idle = Q(lease_until=None) | Q(lease_until__lte=now)
    due = unfetched().filter(idle, not_before__lte=now).most_urgent_first()
    for file_id in due.values_list("pk", flat=True)[:MOST_IN_A_ROUND]:
        bells.ring("mirror", file_id)


def _ring_for_films(bells: Bells) -> None:
    """Films whose tree is to be read."""
    for film_id in Film.objects.due(clock.now()).values_list("pk", flat=True)[:MOST_IN_A_ROUND]:
        bells.ring("film", film_id)
