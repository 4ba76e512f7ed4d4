"""What is booked, beside an attempt: so that pages need not ask the ledger."""

from django.db.models import Value
from django.db.models.functions import Coalesce

from generations.models import Attempt, Entry
from generations.models.ledger import CHARGED, EntryKind


def save_booked(entry: Entry) -> None:
    """Write on the attempt of an entry what is booked for it; None stays where nobody knows."""
    if entry.attempt_id is None:
        return
    attempts = Attempt.objects.filter(pk=entry.attempt_id)
    if entry.kind == EntryKind.RELEASE:
        attempts.update(booked=0)
    elif entry.kind in CHARGED and entry.amount is not None:
        booked = Coalesce("booked", Value(0)) + entry.amount
        attempts.update(booked=booked, booked_basis=entry.basis)
