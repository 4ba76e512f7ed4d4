"""What statements claimed of an attempt meets what is booked for it, whichever comes first."""

from django.db.models import F

from generations.models import Attempt, Claim, Entry, Total
from generations.models.ledger import CLOSING, SPENDING

from .totals import key


def meet(entry: Entry) -> None:
    """Tell the claim of an entry's attempt, if there is one, what is booked now."""
    if entry.attempt_id is None:
        return
    number = Attempt.objects.filter(pk=entry.attempt_id).exclude(number="").values("number")
    claim = Claim.objects.filter(credential=entry.credential_id, number__in=number).first()
    if claim is None:
        return
    spent = entry.amount if entry.kind in SPENDING else 0
    Claim.objects.filter(pk=claim.pk).update(attempt=entry.attempt_id, booked=F("booked") + spent)
    if entry.kind in CLOSING:
        Total.objects.filter(**key(entry)).update(stated=F("stated") + claim.amount)
