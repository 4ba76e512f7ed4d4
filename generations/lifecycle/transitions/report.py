"""Transitions by what the provider reports: running, ended, and the links of its results."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Coalesce

from generations import clock
from generations.billing import ledger
from generations.lifecycle import queue
from generations.models import Attempt, Task
from generations.models.files import FileRole
from generations.models.tasks import (
    AT_PROVIDER,
    FINAL,
    PRICES,
    AttemptState,
    CostBasis,
    TaskState,
)
from generations.providers import provider
from generations.providers.catalogue import catalogue
from generations.providers.contract import (
    NO_FILES,
    ProviderError,
    Reason,
    Refused,
    RemoteState,
    Report,
    Unauthorised,
)
from generations.providers.wire.states import state_of
from generations.teams import credentials

from .alarms import (
    CONTRADICTED,
    COST_UNREAD,
    NO_FILM,
    NOT_FOUND,
    OF_ANSWERS,
    PASSING,
    UNANSWERED,
    UNKNOWN_STATE,
    clear_alarms,
    raise_alarm,
)
from .evidence import keep_report, reported_fields
from .files import save_links, schedule_tree_after
from .move import MOST_WAIT, OPEN, backoff, move
from .submission import ASK_AGAIN, doubt_credential, mark_wrong_id

# Even an off-peak task ends within it (docs/wire.md, 2.11).
DEADLINE = timedelta(hours=48)
HICCUPS = 2  # providers answer "not found" now and then for a task that they have
FIRST_WAIT = timedelta(seconds=30)  # for the film of a success that came without one
# How long no answer may be readable before people are told, and what counts: a provider that is
# down or busy says so, and those orders are late in the end.
UNANSWERED_TOO_LONG = timedelta(minutes=2)
NOT_UNDERSTOOD = (Reason.UNREADABLE, Reason.GATEWAY, Reason.REDIRECTED, Reason.OTHER)
# An end also counts for an unclear task: one that was overdue still has its id, and is asked for.
FROM_PROVIDER = (TaskState.UNCLEAR, *AT_PROVIDER)


def apply_report(attempt: Attempt, report: Report) -> None:
    """Apply what the provider says of a task now: its state, its cost, its links."""
    if _is_for_another(attempt, report):
        # Before all else: nothing of this report belongs to our task, not even its cost.
        return mark_wrong_id(attempt)
    report = _without_ours(report)
    if attempt.credential.doubted_at:
        credentials.clear_doubt(attempt.credential)
    if _has_new_options(attempt, report):
        credentials.save_options(attempt.credential, report.account_options)
    if report.state is None:
        return _apply_unknown(attempt, report)
    if report.state in {RemoteState.QUEUED, RemoteState.RUNNING}:
        return _apply_progress(attempt, report, report.state)
    return _apply_end(attempt, report, report.state)


def _without_ours(report: Report) -> Report:
    """Return a report without links to this site, which repeat what an order was made from.

    A film ends a task whatever its word of state; without one the word counts again.
    """
    others = [each for each in report.results if not each.url.startswith(f"{settings.PUBLIC_URL}/")]
    if len(others) == len(report.results):
        return report
    state = report.state if others else state_of(report.state_word) or report.state
    return replace(report, results=others, state=state)


def has_news(attempt: Attempt, report: Report) -> bool:
    """Whether a report says anything that the task does not say yet.

    The poller asks this of every answer. Most have none, and they cost no transaction each.
    """
    task, alarms = attempt.task, dict(attempt.task.alarms)
    if report.state is None:
        has_moved = alarms.get(UNKNOWN_STATE) != _word(report)
    else:
        has_moved = (task.state, task.progress) != (report.state, report.progress)
        has_moved |= not alarms.keys().isdisjoint(OF_ANSWERS)  # which this answer ends
    return (
        has_moved
        or bool(reported_fields(task, report))
        or _has_new_options(attempt, report)
        or _is_for_another(attempt, report)
    )


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


def _has_new_options(attempt: Attempt, report: Report) -> bool:
    """Whether a report tells something of the account that its options do not say yet."""
    return not report.account_options.items() <= attempt.credential.options.items()


def _is_current(attempt: Attempt) -> bool:
    """Whether a report may still change the task: its attempt is open, and no end is known."""
    return Task.objects.filter(
        pk=attempt.task_id,
        state__in=FROM_PROVIDER,
        attempts=attempt.pk,
        attempts__state__in=OPEN,
    ).exists()


def _word(report: Report) -> str:
    """Return the provider's word for the state; some answers have none at all."""
    return " ".join(report.state_word.split()) or "–"


@transaction.atomic
def _apply_unknown(attempt: Attempt, report: Report) -> None:
    """Tell people a word of state that nobody here knows. The task stays what it is."""
    if has_news(attempt, report) and _is_current(attempt):
        raise_alarm(attempt.task, UNKNOWN_STATE, _word(report))
        keep_report(attempt, report.raw)
        Task.objects.filter(pk=attempt.task_id).update(**reported_fields(attempt.task, report))
    reschedule([attempt])


@transaction.atomic
def _apply_progress(attempt: Attempt, report: Report, state: RemoteState) -> None:
    # Forward only: providers answer out of order, and "queued" never takes "running" back. A task
    # that became unclear stays so while it runs: only its end is news.
    earlier = [TaskState.QUEUED] if state is RemoteState.QUEUED else AT_PROVIDER
    if has_news(attempt, report) and move(
        attempt,
        earlier,
        TaskState(state),
        progress=report.progress,
        checks=F("checks") + 1,
        misses=0,
        unanswered_at=None,
        check_at=_next_check(attempt, state),
        **reported_fields(attempt.task, report),
    ):
        keep_report(attempt, report.raw)
    else:
        reschedule([attempt])
    if attempt.task.alarm and _is_current(attempt):
        clear_alarms(attempt.task, *OF_ANSWERS)


def _has_result(task: Task, report: Report) -> bool:
    """Whether a report leads to what was ordered; a cover alone does not."""
    leads = any(result.role != FileRole.COVER for result in report.results)
    return leads or task.kind in NO_FILES


@transaction.atomic
def _wait_for_film(attempt: Attempt, report: Report) -> None:
    """Keep a success without a film running: ask again, ever later, and tell people at once."""
    task = attempt.task
    news = reported_fields(task, report)
    if news or (task.state, task.progress) != (TaskState.RUNNING, report.progress):
        move(attempt, AT_PROVIDER, TaskState.RUNNING, progress=report.progress, **news)
    clear_alarms(task, *OF_ANSWERS)
    raise_alarm(task, NO_FILM, _word(report))
    keep_report(attempt, report.raw)
    wait = min(FIRST_WAIT * 2 ** min(task.misses, 10), MOST_WAIT)
    Task.objects.filter(pk=task.pk, state__in=AT_PROVIDER).update(
        check_at=clock.now() + wait,
        checks=F("checks") + 1,
        misses=F("misses") + 1,
        unanswered_at=None,
    )


@transaction.atomic
def _apply_end(attempt: Attempt, report: Report, state: RemoteState) -> None:
    final = TaskState(state)
    if (
        final == TaskState.SUCCEEDED
        and not _has_result(attempt.task, report)
        and _is_current(attempt)
    ):
        return _wait_for_film(attempt, report)
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
        unanswered_at=None,
        **reported_fields(attempt.task, report),
    )
    if not moved:
        return _apply_repeated_end(attempt, report, final)
    # Only the caller that moved the task comes here, so the hold is closed once.
    cost = _book_cost(attempt, report, failed=failed)
    # ACCEPTED once more, because the attempt of an unclear task is UNCLEAR.
    keep_report(attempt, report.raw, state=AttemptState.ACCEPTED, cost=cost)
    _renew_alarms(attempt.task, report)
    save_links(attempt, report.results)
    schedule_tree_after(attempt.task, final)
    queue.enqueue("send", attempt.credential_id)  # a slot is free
    return None


def _renew_alarms(task: Task, report: Report) -> None:
    """End the alarms that an end is the answer to, and tell a cost that cannot be read."""
    if report.unread_cost and report.cost is None:
        clear_alarms(task, *PASSING)
        raise_alarm(task, COST_UNREAD, report.unread_cost)
    else:
        clear_alarms(task, *PASSING, *((COST_UNREAD,) if report.cost is not None else ()))


def _book_cost(attempt: Attempt, report: Report, *, failed: bool) -> int | None:
    """Close the hold with what the provider says it charged, else with the price; return the cost.

    Where nobody knows a price either, what it cost is not known. What the last one of its kind cost
    is never booked as a fact.
    """
    if provider(attempt.credential.kind).has_balance:
        queue.enqueue("balance_after_end", attempt.credential_id)
    cost = report.cost
    if failed and not cost and not report.unread_cost:
        # A failure of which no cost is told costs nothing. An import was never held.
        if attempt.task.is_imported:
            ledger.record_import(attempt, 0)
        else:
            ledger.release(attempt)
        return cost
    if attempt.task.is_imported:
        ledger.record_import(attempt, cost)
        return cost
    # Not every provider tells the cost, and some only in the answer to the POST (``attempt.cost``).
    known = attempt.cost if cost is None and not failed else cost
    if known is None and not failed and attempt.estimate_basis in PRICES:
        ledger.settle(attempt, attempt.estimate, basis=CostBasis.PRICE)
    else:
        ledger.settle(attempt, known, failed=failed)
    return known


def _apply_repeated_end(attempt: Attempt, report: Report, final: TaskState) -> None:
    """Take new links, and a cost that nobody knew, of a task that has ended.

    A final state never changes: another is an alarm.
    """
    # Read anew, not from ``attempt.task``: somebody else has just ended it, or it was given up.
    state = Task.objects.values_list("state", flat=True).get(pk=attempt.task_id)
    if state == final:
        save_links(attempt, report.results)
        if report.cost is not None and final == TaskState.SUCCEEDED:
            _book_late_cost(attempt, report.cost)
            clear_alarms(attempt.task, COST_UNREAD)
    elif state in FINAL:
        raise_alarm(attempt.task, CONTRADICTED, final)


def _book_late_cost(attempt: Attempt, cost: int) -> None:
    """Book a cost that is told after the end, in the place of nothing or of what we found out."""
    now = Attempt.objects.select_related("task", "credential").get(pk=attempt.pk)
    is_open = now.booked is None or now.booked_basis in {CostBasis.PRICE, CostBasis.BALANCE}
    if is_open and cost != now.booked:
        ledger.correct(
            now.credential,
            cost - (now.booked or 0),
            "told after its end",
            None,
            basis=CostBasis.PROVIDER,
            attempt=now,
        )
        Attempt.objects.filter(pk=now.pk).update(cost=cost)


def reschedule(attempts: Iterable[Attempt]) -> None:
    """Set when to ask again for tasks of which there is no news. Pages need not hear of it."""
    for attempt in attempts:
        Task.objects.filter(pk=attempt.task_id, state__in=AT_PROVIDER).update(
            check_at=_next_check(attempt, attempt.task.state),
            checks=F("checks") + 1,
            misses=0,
            unanswered_at=None,
        )


def record_no_answer(attempt: Attempt, error: ProviderError) -> None:
    """Let a task be asked for again after a question that failed."""
    if is_refusal_of_key := isinstance(error, Unauthorised):
        doubt_credential(attempt.credential, error)
    # Refused: the provider does not know the task now. A task that was paid for is not ended by
    # that; after some times a person is told. Only an import may never have been there.
    missing = isinstance(error, Refused)
    if missing and attempt.task.misses >= HICCUPS and _end_unknown_import(attempt, error):
        return
    now = clock.now()
    wait = backoff(3 + attempt.task.misses, error.retry_after)
    waits = Task.objects.filter(pk=attempt.task_id, state__in=AT_PROVIDER).update(
        check_at=now + (ASK_AGAIN if is_refusal_of_key else wait),
        misses=F("misses") + (1 if missing else 0),
        unanswered_at=Coalesce(F("unanswered_at"), Value(now)),
    )
    if not waits:
        return
    if missing and attempt.task.misses >= HICCUPS:
        raise_alarm(attempt.task, NOT_FOUND, attempt.remote_id)
    elif error.reason in NOT_UNDERSTOOD and not missing:
        _tell_unanswered(attempt, error, now)


def _tell_unanswered(attempt: Attempt, error: ProviderError, now: datetime) -> None:
    """Raise an alarm where no answer about a task could be read for some minutes."""
    since = attempt.task.unanswered_at
    if since and now - since >= UNANSWERED_TOO_LONG:
        raise_alarm(attempt.task, UNANSWERED, error.message or error.code)
        keep_report(attempt, error.raw)


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
