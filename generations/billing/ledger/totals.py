"""Totals by day, updated by each entry, so that no page sums the ledger."""

from django.db.models import F

from generations.models import Attempt, Claim, DayTotal, Entry, Total
from generations.models.films import WORK
from generations.models.ledger import CHARGED, CLOSING, EntryKind

type Key = dict[str, object]


def total_key(entry: Entry) -> Key:
    """Return the key of the total that an entry belongs to."""
    return {
        "credential_id": entry.credential_id,
        "day": entry.day,
        "kind": entry.kind,
        "failed": entry.failed,
        "carried": entry.carried,
        "model": entry.model,
        "person_id": entry.person_id,
    }


def add(entry: Entry) -> None:
    """Add one entry. Its accounts are locked already, so no other entry of the key interferes."""
    estimate = entry.attempt.estimate if entry.attempt and entry.kind == EntryKind.SETTLE else 0
    added = {"entries": 1, "amount": entry.amount, "estimate": estimate}
    for model, names in _totals(total_key(entry)):
        counted = model.objects.filter(**names).update(
            **{name: F(name) + amount for name, amount in added.items()}
        )
        if not counted:
            model.objects.create(**names, **added, team_id=entry.team_id, unit=entry.unit)


def add_stated(key: Key, amount: int) -> None:
    """Add what statements say of the entries of one total."""
    for model, narrower in _totals(key):
        model.objects.filter(**narrower).update(stated=F("stated") + amount)


def _totals(key: Key) -> list[tuple[type[Total] | type[DayTotal], Key]]:
    """Return the total with this key, and the total of its day."""
    kept = {name: value for name, value in key.items() if name not in {"model", "person_id"}}
    return [(Total, key), (DayTotal, {**kept, "of_film": key["model"] in WORK})]


def update_claim(entry: Entry) -> None:
    """Update what is booked on the claim of an entry's attempt, if there is one."""
    if entry.attempt_id is None:
        return
    remote_ids = (
        Attempt.objects.filter(pk=entry.attempt_id).exclude(remote_id="").values("remote_id")
    )
    claim = Claim.objects.filter(credential=entry.credential_id, remote_id__in=remote_ids).first()
    if claim is None:
        return
    spent = entry.amount if entry.kind in CHARGED else 0
    Claim.objects.filter(pk=claim.pk).update(attempt=entry.attempt_id, booked=F("booked") + spent)
    if entry.kind in CLOSING:
        add_stated(total_key(entry), claim.amount)


def reset_booked(attempt: Attempt) -> int:
    """Return what was booked on its claim before the import, and reset it to 0."""
    claims = Claim.objects.filter(
        credential=attempt.credential_id, remote_id=attempt.remote_id, attempt=None
    )
    booked = sum(claims.values_list("booked", flat=True))
    claims.update(booked=0)
    return booked
