"""Hand waiting tasks to the provider: the one paid POST, at most once for each attempt."""

from dataclasses import replace
from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models import Count, Max, Min, Q

from generations import clock, crash, uploads
from generations.models import Attempt, Credential, Task
from generations.models.tasks import BUSY, TaskState
from generations.net.client import client
from generations.net.drive import drive
from generations.providers import provider
from generations.providers.contract import (
    FilmPart,
    Order,
    ProviderError,
    Refused,
    Unauthorised,
    Unavailable,
    Unclear,
)
from generations.teams import credentials, ordering_stops

from . import transitions

log = structlog.get_logger(__name__)
TURN_MEMORY = timedelta(hours=1)  # how long it is remembered whose turn was last


def send(credential_id: int) -> None:
    """Send what waits on one credential while it has slots, budget and tasks."""
    while attempt := _claim(credential_id):
        _hand_over(attempt)


def read_balance(credential_id: int) -> None:
    """Ask the provider what is left on one credential, if its budget allows a question."""
    credential = Credential.objects.get(pk=credential_id)
    if credential.removed_at or not credentials.take_requests(credential_id, 1):
        return
    try:
        credentials.read_balance(credential)
    except Unauthorised as error:
        credentials.pause(credential, error.code)
    except ProviderError as error:
        log.warning("balance not read", credential=credential_id, code=error.code)


@transaction.atomic
def _claim(credential_id: int) -> Attempt | None:
    """Take a slot, a place in the rate budget and the next task in the line, or nothing."""
    credential = Credential.objects.select_for_update(no_key=True).get(pk=credential_id)
    if credential.is_paused or credential.removed_at:
        return None
    obstacle = ordering_stops.against_sending(credential.team)
    transitions.held_back(credential, obstacle)
    if obstacle:
        return None
    tasks = Task.objects.filter(credential=credential)
    if tasks.in_slots().count() >= credential.slots:
        return None
    task_id = _next_in_line(credential)
    if task_id is None:
        return None
    if not credentials.take_requests(credential_id, 1):
        transitions.delayed(task_id, "rate")
        return None
    return transitions.claimed(task_id)


def _next_in_line(credential: Credential) -> int | None:
    """The members take turns: whoever has least under way, then whoever waited longest."""
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
    adapter = provider(attempt.credential.kind)
    try:
        access = credentials.access(attempt.credential)
    except Unauthorised as error:
        return transitions.key_refused(attempt, error)
    try:
        order = _wanted(attempt.task)
    except Refused as error:
        return transitions.refused(attempt, error)
    wanted = replace(
        order,
        reference=attempt.reference,
        callback_url=credentials.callback_url(attempt) if adapter.wants_rings(access) else "",
    )
    crash.point("send.claimed")
    if not transitions.about_to_send(attempt):
        return None
    crash.point("send.marked")
    try:
        # A client of its own: a kept connection that the other side has just closed would make
        # an order unclear that never arrived.
        with client(credentials.policy()) as http:
            receipt = drive(adapter.submit(access, wanted), http)
    except Refused as error:
        return transitions.refused(attempt, error)
    except Unauthorised as error:
        return transitions.key_refused(attempt, error)
    except Unavailable as error:
        return transitions.put_back(attempt, error)
    except Unclear as error:
        return transitions.unclear(attempt, error)
    except Exception as error:  # whatever went wrong in us, the POST may have been taken
        transitions.unclear(attempt, Unclear("misread", repr(error)))
        raise
    crash.point("send.posted")
    transitions.accepted(attempt, receipt)
    return None


def _wanted(task: Task) -> Order:
    """The order that a task was made from; raises Refused where its pictures cannot be sent."""
    shape = dict(task.settings)
    part = shape.pop("part", None)
    return Order(
        kind=task.kind,
        model=task.model,
        prompt=task.prompt,
        duration=shape.pop("duration", None),
        resolution=shape.pop("resolution", ""),
        aspect_ratio=shape.pop("aspect_ratio", ""),
        seed=shape.pop("seed", None),
        images=uploads.lent(task),
        part=FilmPart(**part | {"takes": tuple(part["takes"])}) if part else None,
        options=shape,
    )
