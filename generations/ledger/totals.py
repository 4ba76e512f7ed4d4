"""The day's totals, kept by each entry, so that no page ever sums the books."""

from django.db.models import F

from generations.models import Entry, Total
from generations.models.ledger import EntryKind


def key(entry: Entry) -> dict[str, object]:
    """Which total an entry belongs to."""
    return {
        "credential_id": entry.credential_id,
        "day": entry.day,
        "kind": entry.kind,
        "in_vain": entry.in_vain,
        "carried": entry.carried,
        "model": entry.model,
        "person_id": entry.person_id,
    }


def add(entry: Entry) -> None:
    """Count one entry in. The account that its entry has changed keeps others of the key away."""
    estimate = entry.attempt.estimate if entry.attempt and entry.kind == EntryKind.SETTLE else 0
    counted = Total.objects.filter(**key(entry)).update(
        entries=F("entries") + 1,
        amount=F("amount") + entry.amount,
        estimate=F("estimate") + estimate,
    )
    if not counted:
        Total.objects.create(
            **key(entry),
            team_id=entry.team_id,
            unit=entry.unit,
            entries=1,
            amount=entry.amount,
            estimate=estimate,
        )
