"""The day's totals, kept by each entry, so that no page ever sums the books."""

from django.db.models import F

from generations.models import Attempt, Claim, DayTotal, Entry, Total
from generations.models.films import WORK
from generations.models.ledger import CHARGED, CLOSING, EntryKind

type Key = dict[str, object]


def key(entry: Entry) -> Key:
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
    added = {"entries": 1, "amount": entry.amount, "estimate": estimate}
    for model, names in _places(key(entry)):
        counted = model.objects.filter(**names).update(
            **{name: F(name) + amount for name, amount in added.items()}
        )
        if not counted:
            model.objects.create(**names, **added, team_id=entry.team_id, unit=entry.unit)


def state(names: Key, amount: int) -> None:
    """Statements say so much more of the entries of one total."""
    for model, narrower in _places(names):
        model.objects.filter(**narrower).update(stated=F("stated") + amount)


def _places(names: Key) -> list[tuple[type[Total] | type[DayTotal], Key]]:
    """The total itself, and that of its day."""
    kept = {name: value for name, value in names.items() if name not in {"model", "person_id"}}
    return [(Total, names), (DayTotal, {**kept, "of_film": names["model"] in WORK})]


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
