"""Transitions by what the provider reports: running, ended, and the links of its results."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F

from generations import clock
from generations.billing import ledger
from generations.lifecycle import queue
from generations.models import Attempt, Task
from generations.models.tasks import AT_PROVIDER, FINAL, AttemptState, TaskState
from generations.providers import provider
from generations.providers.catalogue import catalogue
from generations.providers.contract import (
    ProviderError,
    Reason,
    Refused,
    RemoteState,
    Report,
    Unauthorised,
)
from generations.teams import credentials

from .files import save_links, schedule_tree_after
from .move import OPEN, backoff, move, raise_alarm
from .submission import mark_wrong_id, pause_credential

log = structlog.get_logger(__name__)

# Even an off-peak task ends within it (docs/wire.md, 2.11).
DEADLINE = timedelta(hours=48)
RATIO = re.compile(r"[1-9][0-9]?:[1-9][0-9]?")
HICCUPS = 2  # providers answer "not found" now and then for a task that they have
# An end also counts for an unclear task: one that was overdue still has its id, and is asked for.
FROM_PROVIDER = (TaskState.UNCLEAR, *AT_PROVIDER)


def apply_report(attempt: Attempt, report: Report) -> None:
    """Apply what the provider says of a task now: its state, its cost, its links."""
    if _is_for_another(attempt, report):
        # Before all else: nothing of this report belongs to our task, not even its cost.
        return mark_wrong_id(attempt)
    if _has_new_options(attempt, report):
        credentials.save_options(attempt.credential, report.account_options)
    if report.state is None:
        _log_unknown(attempt.credential.kind, report.state_word)
        return reschedule([attempt])
    if report.state in {RemoteState.QUEUED, RemoteState.RUNNING}:
        return _apply_progress(attempt, report, report.state)
    return _apply_end(attempt, report, report.state)


def has_news(attempt: Attempt, report: Report) -> bool:
    """Whether a report says anything that the task does not say yet.

    The poller asks this of every answer. Most have none, and they cost no transaction each.
    """
    task = attempt.task
    moved = (task.state, task.progress) != (report.state, report.progress)
    moved |= bool(_echoed_fields(attempt, report))
    return moved or _has_new_options(attempt, report) or _is_for_another(attempt, report)


def is_ours(attempt: Attempt, report: Report) -> bool:
    """Whether a reported task is this attempt's, by the reference that the provider repeats.

    Where the provider repeats none, it is enough that a callback on the attempt's token named it.
    """
    echoes = provider(attempt.credential.kind).echoes_reference(attempt.task.kind)
    if report.reference or echoes:
        return report.reference == attempt.reference
    return True


def _is_for_another(attempt: Attempt, report: Report) -> bool:
    """Whether a report is about another order of ours, by the reference that it repeats.

    A reference that is nobody's proves nothing: a provider may shorten it, or another tool gave it.
    """
    if report.reference in {"", attempt.reference}:
        return False
    others = Attempt.objects.filter(credential=attempt.credential_id, reference=report.reference)
    return others.filter(state__in=OPEN).exists()  # what a person released may be imported again


@lru_cache(maxsize=256)
def _log_unknown(kind: str, word: str) -> None:
    """Log a word of state once."""
    log.warning("unknown state word", kind=kind, word=word)


def _has_new_options(attempt: Attempt, report: Report) -> bool:
    """Whether a report tells something of the account that its options do not say yet."""
    return not report.account_options.items() <= attempt.credential.options.items()


@transaction.atomic
def _apply_progress(attempt: Attempt, report: Report, state: RemoteState) -> None:
    # Forward only: providers answer out of order, and "queued" never takes "running" back. A task
    # that became unclear stays so while it runs: only its end is news.
    earlier = [TaskState.QUEUED] if state is RemoteState.QUEUED else AT_PROVIDER
    if not has_news(attempt, report) or not move(
        attempt,
        earlier,
        TaskState(state),
        progress=report.progress,
        checks=F("checks") + 1,
        misses=0,
        check_at=_next_check(attempt, state),
        **_echoed_fields(attempt, report),
    ):
        reschedule([attempt])


@transaction.atomic
def _apply_end(attempt: Attempt, report: Report, state: RemoteState) -> None:
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
        obstacle="",
        progress=None if failed else 100,
        reason=(report.reason or Reason.OTHER) if failed else "",
        code=report.code[:80] if failed else "",
        message=report.message if failed else "",
        **_echoed_fields(attempt, report),
    )
    if not moved:
        return _apply_repeated_end(attempt, report, final)
    # Only the caller that moved the task comes here, so the hold is closed once.
    cost = _book_cost(attempt, report, failed=failed)
    # ACCEPTED once more, because the attempt of an unclear task is UNCLEAR.
    Attempt.objects.filter(pk=attempt.pk).update(
        state=AttemptState.ACCEPTED, cost=cost, report=report.raw
    )
    save_links(attempt, report.results)
    schedule_tree_after(attempt.task, final)
    queue.enqueue("send", attempt.credential_id)  # a slot is free
    return None


def _echoed_fields(attempt: Attempt, report: Report) -> dict[str, Any]:
    """Return what the reply tells of an imported task that nobody here knew."""
    task = attempt.task
    if not task.is_imported:
        return {}
    words = {"model": report.echoed.get("model", ""), "prompt": report.echoed.get("prompt", "")}
    fresh: dict[str, Any] = {
        name: word for name, word in words.items() if word and not getattr(task, name)
    }
    ratio = report.echoed.get("aspect_ratio", "")
    if RATIO.fullmatch(ratio) and not task.settings:
        fresh["settings"] = {"aspect_ratio": ratio}
    return fresh


def _book_cost(attempt: Attempt, report: Report, *, failed: bool) -> int | None:
    """Close the hold with what the provider says it charged, else with what we know."""
    cost = report.cost
    if attempt.task.is_imported:
        attempt.cost = cost
        ledger.record_import(attempt)
        return cost
    if failed:
        if cost:
            ledger.settle(attempt, cost, failed=True)
        else:
            ledger.release(attempt)
        return cost
    # Not every provider tells the cost, and some only in the answer to the POST (``attempt.cost``).
    known = cost if cost is not None else attempt.cost
    ledger.settle(attempt, attempt.estimate if known is None else known)
    return known


def _apply_repeated_end(attempt: Attempt, report: Report, final: TaskState) -> None:
    """Take new links of a task that has ended. A final state never changes: another is an alarm."""
    # Read anew, not from ``attempt.task``: somebody else has just ended it, or it was given up.
    state = Task.objects.values_list("state", flat=True).get(pk=attempt.task_id)
    if state == final:
        save_links(attempt, report.results)
    elif state in FINAL:
        raise_alarm(attempt.task, "contradicted", final)


def reschedule(attempts: Iterable[Attempt]) -> None:
    """Set when to ask again for tasks of which there is no news. Pages need not hear of it."""
    for attempt in attempts:
        Task.objects.filter(pk=attempt.task_id, state__in=AT_PROVIDER).update(
            check_at=_next_check(attempt, attempt.task.state), checks=F("checks") + 1, misses=0
        )


def record_no_answer(attempt: Attempt, error: ProviderError) -> None:
    """Let a task be asked for again after a question that failed."""
    if isinstance(error, Unauthorised):
        pause_credential(attempt.credential, error.reason)
    # Refused: the provider does not know the task now. A task that was paid for is not ended by
    # that; after some times a person is told. Only an import may never have been there.
    missing = isinstance(error, Refused)
    if missing and attempt.task.misses >= HICCUPS and _end_unknown_import(attempt, error):
        return
    wait = backoff(3 + attempt.task.misses, error.retry_after)
    Task.objects.filter(pk=attempt.task_id, state__in=AT_PROVIDER).update(
        check_at=clock.now() + wait, misses=F("misses") + (1 if missing else 0)
    )
    if missing and attempt.task.misses == HICCUPS:
        raise_alarm(attempt.task, "not_found", attempt.remote_id)


@transaction.atomic
def _end_unknown_import(attempt: Attempt, error: ProviderError) -> bool:
    """End an imported task whose id the provider never knew. Return False for any other task."""
    # ``checks`` counts answers: with one, the provider has known the id, and must know it again.
    if not attempt.task.is_imported or attempt.task.checks:
        return False
    ended = move(
        attempt,
        AT_PROVIDER,
        TaskState.FAILED,
        reason=Reason.IMPORT_NOT_FOUND,
        code=error.code[:80],
        message=f"{attempt.remote_id}: {error.message or error.code}",
        finished_at=clock.now(),
        check_at=None,
    )
    if ended:
        # Without the id it may be imported again, for example after a slip with the key.
        Attempt.objects.filter(pk=attempt.pk).update(
            state=AttemptState.REFUSED, remote_id="", code=error.code[:80]
        )
    return ended


def _next_check(attempt: Attempt, state: str) -> datetime:
    """Return when to ask again, as the provider advises."""
    polling = catalogue(attempt.credential.kind).polling
    if attempt.task.settings.get("off_peak"):
        return clock.now() + timedelta(seconds=polling.off_peak)
    every = polling.queued if state == TaskState.QUEUED else polling.every
    return clock.now() + timedelta(seconds=every)
