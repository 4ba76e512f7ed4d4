"""Follow the balance that a provider tells, and write down a fall that no entry explains."""

from datetime import datetime

from django.db import transaction
from django.db.models import F, Sum

from generations import clock
from generations.models import BalanceFall, Credential, Entry, Task
from generations.models.ledger import CLOSING, EntryKind, FallState, booking_day
from generations.models.tasks import LIVE, TaskState

from .accounts import AVAILABLE, HELD, account_balances, lock
from .entries import adjust
from .falls import CHARGE_DELAY

MEMO = "balance read from the provider"


@transaction.atomic
def reconcile(credential: Credential, remaining: int, last_entry: int | None) -> None:
    """Adjust what is available to the balance that the provider reports.

    ``last_entry`` is ``newest_entry()`` from before the request. While orders run, the two sides
    count them at different moments: then only what must be a top-up is adjusted. While none runs, a
    balance that fell further than the ledger says has paid for something that is not booked.
    """
    # An order locks this row too: none can begin between these readings and the adjustment.
    row = Credential.objects.select_for_update(no_key=True).get(pk=credential.pk)
    lock(credential.pk)
    since, now = row.balance_agreed_at, account_balances(credential)
    is_idle = not now[HELD] and not _runs(credential) and newest_entry(credential) == last_entry
    difference = remaining - now[AVAILABLE]
    if difference > 0:
        # The provider may not have charged yet what is held here, or has just ended: so much may be
        # no top-up.
        difference = max(0, difference - now[HELD] - (_just_charged(credential) if since else 0))
    elif not is_idle:
        difference = 0
    if difference:
        adjust(credential, difference, MEMO)
    if difference < 0 and since:
        _record_fall(credential, -difference, since)
    elif difference > 0:
        _recognise_return(credential, difference)
    if is_idle and remaining == now[AVAILABLE] + difference:
        Credential.objects.filter(pk=credential.pk).update(balance_agreed_at=clock.now())


def newest_entry(credential: Credential) -> int | None:
    """Return the primary key of the newest entry; for ``reconcile``."""
    return credential.entries.order_by("-pk").values_list("pk", flat=True).first()


def _runs(credential: Credential) -> bool:
    """Whether an order has not ended that holds nothing, because nobody knows its price."""
    # By their states the index finds the few tasks that have not ended. An imported one is no order
    # of ours.
    unfinished = Task.objects.filter(
        credential=credential, state__in=(*LIVE, TaskState.UNCLEAR), imported_at=None
    )
    return unfinished.filter(attempts__estimate=None).exists()


def _just_charged(credential: Credential) -> int:
    """Return what is booked as charged for orders that have ended a moment ago."""
    since = clock.now() - CHARGE_DELAY
    settled = credential.entries.filter(kind=EntryKind.SETTLE, day__gte=booking_day(since))
    charged: int | None = settled.filter(at__gte=since).aggregate(sum=Sum("amount"))["sum"]
    return charged or 0


def _record_fall(credential: Credential, amount: int, since: datetime) -> None:
    """Write down a fall; one that goes on while nothing of ours ends stays one."""
    now = clock.now()
    before = BalanceFall.objects.filter(credential=credential, state=FallState.OPEN)
    last = before.order_by("-until", "-pk").first()
    if last and not _ended_since(credential, last.since - CHARGE_DELAY):
        BalanceFall.objects.filter(pk=last.pk).update(amount=F("amount") + amount, until=now)
        return
    unit = credential.accounts.values_list("unit", flat=True)[0]
    BalanceFall.objects.create(
        team_id=credential.team_id,
        credential=credential,
        unit=unit,
        amount=amount,
        since=since,
        until=now,
    )


def _ended_since(credential: Credential, at: datetime) -> bool:
    entries = Entry.objects.filter(credential=credential, day__gte=booking_day(at), at__gt=at)
    return entries.filter(kind__in=CLOSING).exists()


def _recognise_return(credential: Credential, amount: int) -> None:
    """Close a fall whose very amount came back: an order that failed was refunded late."""
    falls = BalanceFall.objects.filter(credential=credential, state=FallState.OPEN, booked=0)
    returned = falls.filter(amount=amount).order_by("-until").values("pk")[:1]
    BalanceFall.objects.filter(pk__in=list(returned.values_list("pk", flat=True))).update(
        state=FallState.RETURNED, decided_at=clock.now()
    )
