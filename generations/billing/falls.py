"""What a provider's balance lost without an entry: shown to people, and booked where it belongs.

"0.79 went, 0.00 is booked: which orders?" A person books it on orders that ended in between, or
says that it was none of ours. The machine books it where exactly one order ended in between.
"""

from django.db import transaction

from generations import clock
from generations.billing import ledger
from generations.models import (
    Attempt,
    BalanceFall,
    Credential,
    Entry,
    Task,
    Team,
    User,
    audit,
)
from generations.models.ledger import CLOSING, EntryKind, FallState, booking_day
from generations.models.tasks import AttemptState, CostBasis, TaskState

MOST_CANDIDATES = 50
# What the provider certainly did not take costs nothing.
NOT_TAKEN = (AttemptState.REFUSED, AttemptState.THROTTLED)


class NotBookable(Exception):
    """The fall stays as it is; ``code`` is ``closed``, ``amount`` or ``attempt``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def open_falls(team: Team) -> list[BalanceFall]:
    """Return what went without an entry and waits for a person, the newest first."""
    falls = BalanceFall.objects.filter(team=team, state=FallState.OPEN)
    return list(
        falls.select_related("credential").defer("credential__sealed_key").order_by("-until", "-pk")
    )


def candidates(fall: BalanceFall) -> list[Attempt]:
    """Return the attempts that ended in between, those of unknown cost first."""
    attempts = Attempt.objects.filter(pk__in=_ended_within(fall)[:MOST_CANDIDATES])
    found = list(attempts.select_related("task__created_by").order_by("-pk"))
    return sorted(found, key=lambda attempt: not attempt.is_of_unknown_cost)


def _ended_within(fall: BalanceFall) -> list[int]:
    """Return the attempts that may have been charged within a fall, the newest first."""
    since = fall.since - ledger.CHARGE_DELAY
    closings = Entry.objects.filter(
        credential=fall.credential_id,
        day__gte=booking_day(since),
        day__lte=booking_day(fall.until),
        at__gt=since,
        at__lte=fall.until,
        kind__in=CLOSING,
        carried=False,
    )
    taken = closings.exclude(attempt__state__in=NOT_TAKEN).exclude(
        kind=EntryKind.RELEASE, attempt__sent_at=None
    )
    rows = taken.order_by("-day", "-pk").values_list("attempt", "at", "kind")
    return [attempt for attempt, _at, _kind in rows if attempt is not None]


@transaction.atomic
def book(fall: BalanceFall, attempt: Attempt, amount: int, by: User | None) -> None:
    """Book ``amount`` of a fall on an attempt that ended in between. Raises NotBookable.

    ``by`` is None where the machine does it.
    """
    Team.next_sequence(fall.team_id)  # the team first, as for every change of a task
    ledger.lock(fall.credential_id)
    fall = BalanceFall.objects.select_related("team", "credential").get(pk=fall.pk)
    if fall.state != FallState.OPEN:
        raise NotBookable("closed")
    if not 0 < amount <= fall.left:
        raise NotBookable("amount")
    if attempt.pk not in _ended_within(fall):
        raise NotBookable("attempt")
    attempt = Attempt.objects.select_related("task", "credential").get(pk=attempt.pk)
    ledger.correct(
        attempt.credential,
        amount,
        "the balance fell by it",
        by,
        basis=CostBasis.BALANCE,
        attempt=attempt,
        fall=fall,
        failed=attempt.task.state != TaskState.SUCCEEDED,
    )
    sequence = Team.objects.values_list("sequence", flat=True).get(pk=fall.team_id)
    Task.objects.filter(pk=attempt.task_id).touch(sequence)  # its page shows what it cost
    audit.record(fall.team, by, "fall.booked", fall, amount=amount, task=str(attempt.task))


@transaction.atomic
def dismiss(fall: BalanceFall, by: User, reason: str = "") -> None:
    """Note that what is left of a fall was no order of ours. Raises NotBookable."""
    ledger.lock(fall.credential_id)
    dismissed = BalanceFall.objects.filter(pk=fall.pk, state=FallState.OPEN).update(
        state=FallState.DISMISSED, reason=reason[:200], decided_by=by, decided_at=clock.now()
    )
    if not dismissed:
        raise NotBookable("closed")
    audit.record(fall.team, by, "fall.dismissed", fall, amount=fall.amount, reason=reason)


def book_certain(credential: Credential) -> None:
    """Book each open fall in which exactly one order ended, and one of unknown cost."""
    for fall in BalanceFall.objects.filter(credential=credential, state=FallState.OPEN, booked=0):
        attempt = _only_candidate(fall)
        if attempt is None:
            continue
        try:
            book(fall, attempt, fall.amount, by=None)
        except NotBookable:
            continue  # a person was faster


def _only_candidate(fall: BalanceFall) -> Attempt | None:
    """Return the one order that can have made a fall; None where another one may have."""
    ended = Attempt.objects.filter(pk__in=_ended_within(fall)).select_related("task")
    unknown = [attempt for attempt in ended if attempt.is_of_unknown_cost]
    if len(unknown) != 1:
        return None
    # What ended before the fall began, and is booked, has had its own part in an earlier reading.
    known = [attempt.pk for attempt in ended if attempt != unknown[0]]
    within = Entry.objects.filter(
        attempt__in=known, kind__in=CLOSING, at__gt=fall.since, at__lte=fall.until
    )
    return None if within.exists() else unknown[0]
