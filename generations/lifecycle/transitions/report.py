"""What the provider reports: under way, ended, and the links of its results."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import count
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F

from generations import clock
from generations.billing import ledger
from generations.lifecycle import queue
from generations.models import Attempt, File, Task
from generations.models.files import FileState
from generations.models.tasks import AT_PROVIDER, FINAL, AttemptState, TaskState
from generations.providers import provider
from generations.providers.catalogue import catalogue
from generations.providers.contract import (
    ProviderError,
    Refused,
    Report,
    Result,
    State,
    Unauthorised,
)
from generations.providers.wire.links import read_expiry
from generations.teams import credentials

from .move import (
    OPEN,
    alarm,
    backoff,
    move,
)
from .parts import part_ended, part_of
from .submission import misnumbered

log = structlog.get_logger(__name__)

DEADLINE = timedelta(hours=48)  # contract 2.11: even off-peak ends within it
RATIO = re.compile(r"[1-9][0-9]?:[1-9][0-9]?")
HICCUPS = 2  # one "not found" or two mean nothing
FROM_PROVIDER = (TaskState.UNCLEAR, *AT_PROVIDER)


def reported(attempt: Attempt, report: Report) -> None:
    """Take over what the provider says of an attempt's task now."""
    if is_anothers(attempt, report):
        return misnumbered(attempt)
    if has_learned(attempt, report):
        credentials.learn(attempt.credential, report.learned)
    if report.state is None:
        _log_unknown(attempt.credential.kind, report.word)
        return looked([attempt])
    if report.state in {State.QUEUED, State.RUNNING}:
        return _under_way(attempt, report, report.state)
    return _ended(attempt, report, report.state)


@lru_cache(maxsize=256)
def _log_unknown(kind: str, word: str) -> None:
    """Once for each word."""
    log.warning("unknown state word", kind=kind, word=word)


def is_news(attempt: Attempt, report: Report) -> bool:
    """Whether a report says anything that the task, as it was read, does not say yet."""
    task = attempt.task
    moved = (task.state, task.progress) != (report.state, report.progress)
    moved |= bool(_told(attempt, report))
    return moved or has_learned(attempt, report) or is_anothers(attempt, report)


def is_ours(attempt: Attempt, report: Report) -> bool:
    """Whether a task that may be an unclear attempt's is: by the reference that it echoes.

    Where the provider echoes none, it is enough that a ring on the attempt's token named it.
    """
    echoes = provider(attempt.credential.kind).echoes_reference(attempt.task.kind)
    if report.reference or echoes:
        return report.reference == attempt.reference
    return True


def is_anothers(attempt: Attempt, report: Report) -> bool:
    """Whether it is about another order of ours, by the reference that it echoes.

    A reference that is nobody's proves nothing: a provider may shorten it, or another tool gave it.
    """
    if report.reference in {"", attempt.reference}:
        return False
    others = Attempt.objects.filter(credential=attempt.credential_id, reference=report.reference)
    return others.filter(state__in=OPEN).exists()  # of one that was given up it may be adopted


def has_learned(attempt: Attempt, report: Report) -> bool:
    """Whether it tells something of the account that its options do not say yet."""
    return not report.learned.items() <= attempt.credential.options.items()


@transaction.atomic
def _under_way(attempt: Attempt, report: Report, state: State) -> None:
    earlier = [TaskState.QUEUED] if state is State.QUEUED else AT_PROVIDER
    if not is_news(attempt, report) or not move(
        attempt,
        earlier,
        TaskState(state),
        progress=report.progress,
        checks=F("checks") + 1,
        misses=0,
        check_at=_next_look(attempt, state),
        **_told(attempt, report),
    ):
        looked([attempt])


@transaction.atomic
def _ended(attempt: Attempt, report: Report, state: State) -> None:
    final = TaskState(state)
    failed = final != TaskState.SUCCEEDED
    moved = move(
        attempt,
        FROM_PROVIDER,
        final,
        finished_at=clock.now(),
        check_at=None,
        lease_until=None,
        checks=F("checks") + 1,
        reason="",
        progress=None if failed else 100,
        code=report.code[:80] if failed else "",
        message=report.message if failed else "",
        **_told(attempt, report),
    )
    if not moved:
        return _said_again(attempt, report, final)
    cost = _book(attempt, report, failed=failed)
    Attempt.objects.filter(pk=attempt.pk).update(
        state=AttemptState.ACCEPTED, cost=cost, report=report.raw
    )
    _take_links(attempt, report.results)
    part_ended(attempt.task, final)
    queue.ring("send", attempt.credential_id)
    return None


def _told(attempt: Attempt, report: Report) -> dict[str, Any]:
    """What nobody here knew of a task that was ordered elsewhere, in its provider's words."""
    task = attempt.task
    if not task.is_adopted:
        return {}
    words = {"model": report.told.get("model", ""), "prompt": report.told.get("prompt", "")}
    fresh: dict[str, Any] = {
        name: word for name, word in words.items() if word and not getattr(task, name)
    }
    ratio = report.told.get("aspect_ratio", "")
    if RATIO.fullmatch(ratio) and not task.settings:
        fresh["settings"] = {"aspect_ratio": ratio}
    return fresh


def _book(attempt: Attempt, report: Report, *, failed: bool) -> int | None:
    """Close the hold: with what the provider says it charged, else with what we know of it."""
    cost = report.cost
    if attempt.task.is_adopted:
        attempt.cost = cost
        ledger.adopt(attempt)
        return cost
    if failed:
        if cost:
            ledger.settle(attempt, cost, in_vain=True)
        else:
            ledger.release(attempt)
        return cost
    known = cost if cost is not None else attempt.cost
    ledger.settle(attempt, attempt.estimate if known is None else known)
    return known


def _said_again(attempt: Attempt, report: Report, final: TaskState) -> None:
    """A final state never changes; the same word again may bring fresh links."""
    state = Task.objects.values_list("state", flat=True).get(pk=attempt.task_id)
    if state == final:
        _take_links(attempt, report.results)
    elif state in FINAL:
        alarm(attempt.task, "contradicted", final)


def _take_links(attempt: Attempt, results: Sequence[Result]) -> None:
    """A row for each result; a link that is not stored yet is replaced by the fresher one."""
    ordinals: dict[str, count[int]] = {}
    for result in results:
        part = part_of(attempt.task, result)
        ordinal = next(ordinals.setdefault(part, count()))
        link = link_of(attempt, result.url)
        row, made = File.objects.get_or_create(
            task=attempt.task,
            part=part,
            ordinal=ordinal,
            defaults={"team_id": attempt.task.team_id, "number": result.number, **link},
        )
        if not made:
            File.objects.filter(pk=row.pk).exclude(state=FileState.STORED).update(**link)
        if row.state != FileState.STORED:
            queue.ring("mirror", row.pk)


def link_of(attempt: Attempt, url: str) -> dict[str, str | datetime]:
    """A link as a file row keeps it: it dies when its address says, or as links of
    its key were seen to, or as the contract says: whichever is sooner."""
    now = clock.now()
    dies = now + credentials.link_life(attempt.credential)
    said = read_expiry(url)
    if said is not None:
        dies = min(dies, datetime.fromtimestamp(said, UTC))
    return {"url": url, "seen_at": now, "expires_at": dies}


def looked(attempts: Iterable[Attempt]) -> None:
    """Nothing new of these; when to look again. Pages need not hear of it."""
    for attempt in attempts:
        Task.objects.filter(pk=attempt.task_id, state__in=AT_PROVIDER).update(
            check_at=_next_look(attempt, attempt.task.state), checks=F("checks") + 1, misses=0
        )


def not_answered(attempt: Attempt, error: ProviderError) -> None:
    """The question failed: the task stays as it is and is asked for again."""
    if isinstance(error, Unauthorised):
        credentials.pause(attempt.credential, error.code)
    missing = isinstance(error, Refused)
    if missing and attempt.task.misses >= HICCUPS and _was_never_there(attempt, error):
        return
    wait = backoff(3 + attempt.task.misses, error.retry_after)
    Task.objects.filter(pk=attempt.task_id, state__in=AT_PROVIDER).update(
        check_at=clock.now() + wait, misses=F("misses") + (1 if missing else 0)
    )
    if missing and attempt.task.misses == HICCUPS:
        alarm(attempt.task, "not_found", attempt.number)


@transaction.atomic
def _was_never_there(attempt: Attempt, error: ProviderError) -> bool:
    """The provider does not know a number that was taken in: it ends, and the number is free."""
    if not attempt.task.is_adopted or attempt.task.checks:
        return False
    ended = move(
        attempt,
        AT_PROVIDER,
        TaskState.FAILED,
        code="number_unknown",
        message=f"{attempt.number}: {error.message or error.code}",
        finished_at=clock.now(),
        check_at=None,
    )
    if ended:
        Attempt.objects.filter(pk=attempt.pk).update(
            state=AttemptState.REFUSED, number="", code=error.code[:80]
        )
    return ended


def _next_look(attempt: Attempt, state: str) -> datetime:
    """By the provider's advice."""
    polling = catalogue(attempt.credential.kind).polling
    if attempt.task.settings.get("off_peak"):
        return clock.now() + timedelta(seconds=polling.off_peak)
    every = polling.queued if state == TaskState.QUEUED else polling.every
    return clock.now() + timedelta(seconds=every)
