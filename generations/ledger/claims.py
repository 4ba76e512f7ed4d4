"""What statements claimed of an attempt meets what is booked for it, whichever comes first."""

from django.db.models import F

from generations.models import Attempt, Claim, Entry
from generations.models.ledger import CHARGED, CLOSING

from .totals import key, state


def meet(entry: Entry) -> None:
    """Tell the claim of an entry's attempt, if there is one, what is booked now."""
    if entry.attempt_id is None:
        return
    number = Attempt.objects.filter(pk=entry.attempt_id).exclude(number="").values("number")
    claim = Claim.objects.filter(credential=entry.credential_id, number__in=number).first()
    if claim is None:
        return
    spent = entry.amount if entry.kind in CHARGED else 0
    Claim.objects.filter(pk=claim.pk).update(attempt=entry.attempt_id, booked=F("booked") + spent)
    if entry.kind in CLOSING:
        state(key(entry), claim.amount)


def booked_before(attempt: Attempt) -> int:
    """What was booked for its number before it was taken in; from now on its own entries tell."""
    claims = Claim.objects.filter(
        credential=attempt.credential_id, number=attempt.number, attempt=None
    )
    booked = sum(claims.values_list("booked", flat=True))
    claims.update(booked=0)
    return booked
