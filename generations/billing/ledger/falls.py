"""Falls of a provider's balance that no entry explains: which are open, and what explains them."""

from datetime import timedelta

from django.db.models import F

from generations import clock
from generations.models import Attempt, BalanceFall, Entry, User
from generations.models.ledger import CLOSING, FallState

# A provider may take what an order cost from its balance some time after the order's end.
CHARGE_DELAY = timedelta(minutes=10)


def fall_of(attempt: Attempt) -> BalanceFall | None:
    """Return the open fall of the balance in which an attempt ended; None where there is none."""
    closings = Entry.objects.filter(attempt=attempt.pk, kind__in=CLOSING)
    ended_at = closings.values_list("at", flat=True).first()
    if ended_at is None:
        return None
    falls = BalanceFall.objects.filter(
        credential=attempt.credential_id,
        state=FallState.OPEN,
        since__lt=ended_at + CHARGE_DELAY,
        until__gte=ended_at,
    )
    return falls.order_by("until", "pk").first()


def explain(fall: BalanceFall, amount: int, actor: User | None) -> None:
    """Note that ``amount`` of a fall is booked; the caller has locked the credential's accounts."""
    rows = BalanceFall.objects.filter(pk=fall.pk)
    rows.update(booked=F("booked") + amount)
    rows.filter(booked=F("amount")).update(
        state=FallState.BOOKED, decided_by=actor, decided_at=clock.now()
    )
    fall.refresh_from_db(fields=["booked", "state", "decided_by", "decided_at"])
