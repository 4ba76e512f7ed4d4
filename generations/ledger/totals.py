"""The day's totals, kept by each entry, so that no page ever sums the books."""

from django.db.models import F

from generations.models import DayTotal, Entry, Total
from generations.models.films import WORK
from generations.models.ledger import EntryKind

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
