"""Send waiting tasks to their provider: one paid POST, at most once for each attempt."""

from dataclasses import replace
from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models import Count, Max, Min, Q

from generations import clock, crash, sources, uploads
from generations.models import Attempt, Credential, Task, offers
from generations.models.tasks import BUSY, TaskState
from generations.providers.contract import (
    NO_FILES,
    FilmEdit,
    Order,
    Reason,
    Receipt,
    Refused,
    RemoteState,
    Report,
    TaskKind,
    Unauthorised,
    Unavailable,
    Unclear,
)
from generations.teams import ordering_stops, provider_access
from generations.teams.provider_access import ProviderConnection, connect

from . import transitions

log = structlog.get_logger(__name__)
# How far back we look for whose turn was last; older turns count as never.
TURN_MEMORY = timedelta(hours=1)


def send(credential_id: int) -> None:
    """Send what waits on one credential while it has slots, request budget and tasks."""
    while attempt := _claim(credential_id):
        _hand_over(attempt)


@transaction.atomic
def _claim(credential_id: int) -> Attempt | None:
    """Claim the next task in line with a slot and a request; return its attempt, or None."""
    # One claim of a key at a time: nobody takes a slot or a turn between our count and our claim.
    # This lock comes before the team's, as in an order; the other way round the two would deadlock.
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
    # Last of all, because a request that was drawn cannot be given back.
    if not provider_access.take_requests(credential_id, 1):
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
    # By who has least under way, then by turns. So one order never stands behind another member's
    # many, and of those who have ordered many each is served alike.
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
            if order.kind == TaskKind.SUBJECT:
                _refuse_kept_name(attempt, connection)
            _submit(attempt, connection, order)
    except Refused as error:  # by us: a picture of the order is gone, or a name is taken
        transitions.mark_failed(attempt, error)
    except Unauthorised as error:  # by us: our keyring cannot open the key
        transitions.mark_key_refused(attempt, error)
    except Unavailable as error:  # the list of subjects could not be read
        transitions.requeue(attempt, error)


def _refuse_kept_name(attempt: Attempt, connection: ProviderConnection) -> None:
    """Raise Refused where the account keeps a subject of this name, Unavailable where unknown.

    So that one of this name that is there after a lost answer is the one that was ordered.
    """
    # The claim drew a request for the POST only. This one is borrowed from what fills later.
    provider_access.take_requests(attempt.credential_id, 1, keep=-1)
    try:
        kept = connection.subjects()
    except Unauthorised as error:
        # A refused question is no proof against the key; a refused POST would be.
        transitions.doubt_credential(attempt.credential, error)
        raise Unavailable(error.code, error.message, reason=error.reason, raw=error.raw) from error
    name = attempt.task.prompt
    if any(subject.prompt == name for subject in kept):
        raise Refused(
            "name_taken", f"The account keeps a subject {name}.", reason=Reason.NAME_TAKEN
        )


def _submit(attempt: Attempt, connection: ProviderConnection, order: Order) -> None:
    """Make the one paid POST. Its outcome is committed here, whatever it is."""
    accepts_callbacks = connection.adapter.accepts_callback_url(connection.access)
    order = replace(
        order,
        reference=attempt.reference,
        callback_url=provider_access.callback_url(attempt) if accepts_callbacks else "",
    )
    crash.point("send.claimed")
    # The order, its pictures, the key and the client are ready by now: a fault in any of them, or a
    # process that dies before this line, has sent nothing.
    if not transitions.mark_sent(attempt):
        return None  # we slept past our lease, and it is another sender's now
    # No work between this commit and the POST: whoever dies here leaves an unclear order.
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
    except Exception as error:
        # A fault of our own: the POST may have been taken all the same.
        transitions.mark_unclear(attempt, Unclear("misread", repr(error)))
        raise
    # Where this process dies here, the sweep finds the attempt SENT and calls it unclear.
    crash.point("send.posted")
    is_all = bool(receipt.results) or order.kind in NO_FILES
    if transitions.mark_accepted(attempt, receipt) and is_all:
        _take_in(attempt, receipt)
    return None


def _take_in(attempt: Attempt, receipt: Receipt) -> None:
    """End a task of which the answer to its POST is all: perhaps it is nowhere else."""
    now = Attempt.objects.select_related("task", "credential__team").get(pk=attempt.pk)
    report = Report(
        RemoteState.SUCCEEDED, cost=receipt.cost, results=receipt.results, raw=receipt.raw
    )
    transitions.apply_report(now, report)


def _order_of(task: Task) -> Order:
    """Rebuild the order of a task. Raises Refused where what it is made of cannot be sent."""
    shape = {name: value for name, value in task.settings.items() if name not in sources.MEMBERS}
    film, sound = sources.sources_of(task)
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
        source=film,
        sound=sound,
        like=offers.shipped_model(task.credential.kind, task.kind, task.model),
    )
