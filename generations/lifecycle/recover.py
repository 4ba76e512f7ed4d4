"""Look for an order whose answer was lost (design 4).

A callback on its secret token may have named its number; the list shows no reference. So whatever
could be it is asked for one by one. Our own reference, echoed by the provider, proves it; where a
provider echoes none (an ad film's create has none), only a callback can name it, and the list is
not looked at. A part of a film stands in the film's tree. Not finding it proves nothing.
"""

from collections.abc import Iterator
from datetime import timedelta

import httpx
import structlog

from generations import clock
from generations.models import Attempt, Task
from generations.models.films import COMPOSE, PARTS, RETAKES, StripKind
from generations.models.tasks import AttemptState
from generations.net.client import client
from generations.net.drive import drive
from generations.providers import provider
from generations.providers.contract import (
    Access,
    FilmReport,
    ProviderError,
    Receipt,
    Refused,
    Report,
    Unavailable,
)
from generations.teams import credentials

from . import transitions

log = structlog.get_logger(__name__)

SLACK = timedelta(minutes=2)  # between the provider's clock and ours
WINDOW = timedelta(minutes=10)


def find(attempt_id: int) -> None:
    """Search for one unclear attempt, and take it over where it is found."""
    attempt = Attempt.objects.select_related("task__team", "credential__team").get(pk=attempt_id)
    if attempt.state != AttemptState.UNCLEAR:
        return
    Attempt.objects.filter(pk=attempt.pk).update(looked_at=clock.now())
    try:
        with client(credentials.policy()) as http:
            match = next(_matches(attempt, http), None)
    except ProviderError as error:
        log.warning("could not search", attempt=attempt.pk, code=error.code)
        return
    if match:
        _take_over(attempt, *match)


def _take_over(attempt: Attempt, number: str, report: Report) -> None:
    if number == attempt.number:  # it was overdue: only its end is news
        transitions.reported(attempt, report)
    elif transitions.accepted(attempt, Receipt(number, cost=report.cost, raw=report.raw)):
        attempt.refresh_from_db()
        transitions.reported(attempt, report)


def _matches(attempt: Attempt, http: httpx.Client) -> Iterator[tuple[str, Report]]:
    adapter = provider(attempt.credential.kind)
    access = credentials.access(attempt.credential)
    for number in _numbers(attempt, access, http):
        _draw(attempt)
        try:
            report = drive(adapter.check(access, number), http)
        except Refused:
            continue  # not there, or not ours: perhaps the next one
        if number == attempt.number or transitions.is_ours(attempt, report):
            yield number, report


def _numbers(attempt: Attempt, access: Access, http: httpx.Client) -> Iterator[str]:
    """The number it had, those that its callbacks named, then what the list shows of that time."""
    if attempt.number:
        yield attempt.number
        return
    named = attempt.callbacks.exclude(number="").values_list("number", flat=True)
    yield from dict.fromkeys(named)
    adapter = provider(attempt.credential.kind)
    if not adapter.echoes_reference(attempt.task.kind):
        return
    if attempt.task.kind in PARTS:
        yield from _in_tree(attempt, access, http)
    if not adapter.has_list:
        return
    _draw(attempt)
    sent_at = attempt.sent_at or attempt.created_at
    # Another installation may have sent it at any time since.
    until = attempt.sent_at + WINDOW if attempt.sent_at else clock.now()
    since = (sent_at - SLACK).isoformat()
    rows = drive(adapter.find(access, since=since, until=until.isoformat()), http)
    for row in rows:
        if not _is_known(attempt, row.number) and row.prompt in {"", attempt.task.prompt}:
            yield row.number


def _is_known(attempt: Attempt, number: str) -> bool:
    """Whether it is another order's of ours."""
    return Attempt.objects.filter(credential=attempt.credential, number=number).exists()


def _in_tree(attempt: Attempt, access: Access, http: httpx.Client) -> Iterator[str]:
    """What its film shows of its kind, in its own words, and as nobody else's."""
    _draw(attempt)
    adapter = provider(attempt.credential.kind)
    try:
        film = drive(adapter.film(access, attempt.task.settings["part"]["film"]), http)
    except Refused:
        return
    for number, prompt in _listed(attempt.task, film):
        if prompt in {"", attempt.task.prompt} and not _is_known(attempt, number):
            yield number


def _listed(task: Task, film: FilmReport) -> Iterator[tuple[str, str]]:
    """Number and prompt of each record of this kind, the newest first."""
    if task.kind == COMPOSE:
        yield from ((cut.number, "") for cut in reversed(film.cuts))
        return
    lists = {
        RETAKES[StripKind.SHOT]: [
            record
            for shot in film.shots
            if shot.index == task.settings["part"]["shot"]
            for record in shot.records
        ],
        RETAKES[StripKind.NARRATION]: film.narrations,
        RETAKES[StripKind.MUSIC]: film.musics,
    }
    yield from ((record.number, record.prompt) for record in reversed(lists[task.kind]))


def _draw(attempt: Attempt) -> None:
    """Stay within the key's budget; the next search goes on."""
    if not credentials.take_requests(attempt.credential_id, 1):
        raise Unavailable("rate")
