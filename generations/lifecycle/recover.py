"""Search for an order whose answer was lost.

A callback on the attempt's secret token may have named its id; the provider's list shows no
reference. So whatever could be the order is asked for one by one, and our own reference, repeated
by the provider, proves it. Where a provider repeats none (the create of an ad film), only a
callback can name it, and the list is not asked for. A part of a film is looked for in the film's
tree. A subject is known by its name, which the account had not when it was ordered. Not finding an
order proves nothing: it stays unclear.
"""

from collections.abc import Iterator
from datetime import timedelta

import structlog

from generations import clock
from generations.models import Attempt, Task
from generations.models.films import FILM_CUT, PARTS, TAKE_KINDS, SegmentKind
from generations.models.tasks import AttemptState
from generations.providers.contract import (
    FilmReport,
    ProviderError,
    Receipt,
    Refused,
    Report,
    TaskKind,
    Unavailable,
)
from generations.teams import provider_access
from generations.teams.provider_access import ProviderConnection, connect

from . import transitions

log = structlog.get_logger(__name__)

SLACK = timedelta(minutes=2)  # the provider's clock may differ from ours by so much
WINDOW = timedelta(minutes=10)  # after it was sent; a later row is another order


def recover(attempt_id: int) -> None:
    """Search for one unclear attempt; where it is found, apply what the provider says of it."""
    attempt = Attempt.objects.select_related("task__team", "credential__team").get(pk=attempt_id)
    if attempt.state != AttemptState.UNCLEAR:
        return
    # Before the search: the sweep queues it again by this time, also where the search fails.
    transitions.mark_searched(attempt)
    try:
        with connect(attempt.credential) as connection:
            # Only the first match: the generator asks for no more candidates than needed.
            match = next(_matches(attempt, connection), None)
    except ProviderError as error:
        log.warning("could not search", attempt=attempt.pk, code=error.code)
        return
    if match:
        _take_over(attempt, *match)


def _take_over(attempt: Attempt, remote_id: str, report: Report) -> None:
    if remote_id == attempt.remote_id:
        # It was overdue, and has its id: only its end is news.
        transitions.apply_report(attempt, report)
    elif transitions.mark_accepted(attempt, Receipt(remote_id, cost=report.cost, raw=report.raw)):
        attempt.refresh_from_db()  # ``apply_report`` compares with the state and the id it has now
        transitions.apply_report(attempt, report)


def _matches(attempt: Attempt, connection: ProviderConnection) -> Iterator[tuple[str, Report]]:
    """Yield the id and the report of whatever is proved to be this attempt."""
    for remote_id in _candidates(attempt, connection):
        _take_request(attempt)
        try:
            report = connection.check(remote_id, wanted=transitions.wanted_roles(attempt.task))
        except Refused:
            continue  # not there, or not ours: perhaps the next one
        if remote_id == attempt.remote_id or transitions.is_ours(attempt, report):
            yield remote_id, report


def _candidates(attempt: Attempt, connection: ProviderConnection) -> Iterator[str]:
    """Yield the id it had, else those that its callbacks named, then what the list shows."""
    if attempt.remote_id:
        yield attempt.remote_id
        return
    named = attempt.callbacks.exclude(remote_id="").values_list("remote_id", flat=True)
    yield from dict.fromkeys(named)
    if attempt.task.kind == TaskKind.SUBJECT:
        yield from _of_its_name(attempt, connection)
    adapter = connection.adapter
    # What the lists show is proved by the reference alone, so without one they help nothing.
    if not adapter.echoes_reference(attempt.task.kind):
        return
    if attempt.task.kind in PARTS:
        yield from _in_tree(attempt, connection)
    if adapter.has_list:
        yield from _in_list(attempt, connection)


def _in_list(attempt: Attempt, connection: ProviderConnection) -> Iterator[str]:
    """Yield what the provider's list shows of the time when it was sent, with the same prompt."""
    _take_request(attempt)
    sent_at = attempt.sent_at or attempt.created_at
    # Without sent_at another installation may have sent it at any time since it was made.
    until = attempt.sent_at + WINDOW if attempt.sent_at else clock.now()
    since = (sent_at - SLACK).isoformat()
    # The prompt only saves requests, since each candidate costs one. It proves nothing.
    for row in connection.find(since=since, until=until.isoformat()):
        if not _is_known(attempt, row.remote_id) and row.prompt in {"", attempt.task.prompt}:
            yield row.remote_id


def _of_its_name(attempt: Attempt, connection: ProviderConnection) -> Iterator[str]:
    """Yield the subject of its name that the account keeps by now."""
    _take_request(attempt)
    # A subject belongs to an account, which several keys may have, also of several teams.
    known = set(
        Attempt.objects.filter(task__kind=TaskKind.SUBJECT)
        .exclude(remote_id="")
        .values_list("remote_id", flat=True)
    )
    for row in connection.subjects():
        if row.remote_id and row.prompt == attempt.task.prompt and row.remote_id not in known:
            yield row.remote_id


def _is_known(attempt: Attempt, remote_id: str) -> bool:
    """Whether the id belongs to another order of ours."""
    return Attempt.objects.filter(credential=attempt.credential, remote_id=remote_id).exists()


def _in_tree(attempt: Attempt, connection: ProviderConnection) -> Iterator[str]:
    """Yield what the film's tree shows of its kind with the same prompt and no order of ours."""
    _take_request(attempt)
    try:
        film = connection.film(attempt.task.settings["film_edit"]["film_remote_id"])
    except Refused:
        return
    for remote_id, prompt in _records(attempt.task, film):
        if prompt in {"", attempt.task.prompt} and not _is_known(attempt, remote_id):
            yield remote_id


def _records(task: Task, film: FilmReport) -> Iterator[tuple[str, str]]:
    """Yield id and prompt of each record of the task's kind, newest first."""
    if task.kind == FILM_CUT:
        yield from ((cut.remote_id, "") for cut in reversed(film.cuts))
        return
    lists = {
        TAKE_KINDS[SegmentKind.SHOT]: [
            record
            for shot in film.shots
            if shot.index == task.settings["film_edit"]["shot_index"]
            for record in shot.records
        ],
        TAKE_KINDS[SegmentKind.NARRATION]: film.narrations,
        TAKE_KINDS[SegmentKind.MUSIC]: film.musics,
    }
    records = lists[TaskKind(task.kind)]
    yield from ((record.remote_id, record.prompt) for record in reversed(records))


def _take_request(attempt: Attempt) -> None:
    """Take one request of the key's budget. Raises Unavailable; the next search goes on."""
    if not provider_access.take_requests(attempt.credential_id, 1):
        raise Unavailable("rate")
