"""Send waiting tasks to their provider: one paid POST, at most once for each attempt."""

from dataclasses import replace
from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models import Count, Max, Min, Q

from generations import clock, crash, uploads
from generations.models import Attempt, Credential, Task
from generations.models.tasks import BUSY, TaskState
from generations.providers.contract import (
    FilmEdit,
    Order,
    ProviderError,
    Refused,
    Unauthorised,
    Unavailable,
    Unclear,
)
from generations.teams import credentials, ordering_stops, provider_access, request_budget
from generations.teams.provider_access import ProviderConnection, connect

from . import transitions

log = structlog.get_logger(__name__)
# How far back we look for whose turn was last; older turns count as never.
TURN_MEMORY = timedelta(hours=1)


def send(credential_id: int) -> None:
    """Send what waits on one credential while it has slots, request budget and tasks."""
    while attempt := _claim(credential_id):
        _hand_over(attempt)


def read_balance(credential_id: int) -> None:
    """Ask the provider what is left on one credential, if its request budget allows it."""
    credential = Credential.objects.get(pk=credential_id)
    if credential.removed_at or not request_budget.take_requests(credential_id, 1):
        return
    try:
        credentials.read_balance(credential)
    except Unauthorised as error:
        transitions.pause_credential(credential, error.reason)
    except ProviderError as error:
        log.warning("balance not read", credential=credential_id, code=error.code)


@transaction.atomic
def _claim(credential_id: int) -> Attempt | None:
    """Claim the next task in line with a slot and a request; return its attempt, or None."""
    credential = Credential.objects.select_for_update(no_key=True).get(pk=credential_id)
    if credential.is_paused or credential.removed_at:
        return None
    obstacle = ordering_stops.sending_obstacle(credential.team)
    transitions.hold_back(credential, obstacle)
    if obstacle:
        return None
    tasks = Task.objects.filter(credential=credential)
    if tasks.in_slots().count() >= credential.slots:
        return None
    task_id = _next_in_line(credential)
    if task_id is None:
        return None
    if not request_budget.take_requests(credential_id, 1):
        transitions.delay(task_id, "rate")
        return None
    return transitions.claim(task_id)


def _next_in_line(credential: Credential) -> int | None:
    """Return the task whose turn it is: of the member with least under way, else longest idle."""
    now = clock.now()
    tasks = Task.objects.filter(credential=credential)
    due = Q(not_before=None) | Q(not_before__lte=now)
    firsts = dict(
        tasks.filter(due, state=TaskState.WAITING)
        .order_by()
        .values_list("created_by")
        .annotate(first=Min("pk"))
    )
    if len(firsts) <= 1:
        return next(iter(firsts.values()), None)
    busy = dict(
        tasks.filter(state__in=BUSY).order_by().values_list("created_by").annotate(Count("pk"))
    )
    last = dict(
        Attempt.objects.filter(credential=credential, sent_at__gte=now - TURN_MEMORY)
        .order_by()
        .values_list("task__created_by")
        .annotate(Max("sent_at"))
    )
    never = now - TURN_MEMORY
    person: int = min(
        firsts, key=lambda who: (busy.get(who, 0), last.get(who) or never, firsts[who])
    )
    first: int = firsts[person]
    return first


def _hand_over(attempt: Attempt) -> None:
    """Send a claimed attempt once, and write down what came of it."""
    try:
        order = _order_of(attempt.task)
        with connect(attempt.credential) as connection:
            _submit(attempt, connection, order)
    except Refused as error:  # by us: a picture of the order is gone
        transitions.mark_failed(attempt, error)
    except Unauthorised as error:  # by us: our keyring cannot open the key
        transitions.mark_key_refused(attempt, error)


def _submit(attempt: Attempt, connection: ProviderConnection, order: Order) -> None:
    """Make the one paid POST. Its outcome is committed here, whatever it is."""
    accepts_callbacks = connection.adapter.accepts_callback_url(connection.access)
    order = replace(
        order,
        reference=attempt.reference,
        callback_url=provider_access.callback_url(attempt) if accepts_callbacks else "",
    )
    crash.point("send.claimed")
    if not transitions.mark_sent(attempt):
        return None
    crash.point("send.marked")
    try:
        receipt = connection.submit(order)
    except Refused as error:
        return transitions.mark_failed(attempt, error)
    except Unauthorised as error:
        return transitions.mark_key_refused(attempt, error)
    except Unavailable as error:
        return transitions.requeue(attempt, error)
    except Unclear as error:
        return transitions.mark_unclear(attempt, error)
    except Exception as error:  # a fault of our own: the POST may have been taken all the same
        transitions.mark_unclear(attempt, Unclear("misread", repr(error)))
        raise
    crash.point("send.posted")
    transitions.mark_accepted(attempt, receipt)
    return None


def _order_of(task: Task) -> Order:
    """Rebuild the order of a task. Raises Refused where its pictures cannot be sent."""
    shape = dict(task.settings)
    edit = shape.pop("film_edit", None)
    return Order(
        kind=task.kind,
        model=task.model,
        prompt=task.prompt,
        duration=shape.pop("duration", None),
        resolution=shape.pop("resolution", ""),
        aspect_ratio=shape.pop("aspect_ratio", ""),
        seed=shape.pop("seed", None),
        images=uploads.pictures_of(task),
        film_edit=(
            FilmEdit(**edit | {"take_remote_ids": tuple(edit["take_remote_ids"])}) if edit else None
        ),
        options=shape,
    )
