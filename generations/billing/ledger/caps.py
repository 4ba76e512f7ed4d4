"""Caps: asked where the hold is made, in its transaction, by a conditional UPDATE."""

from datetime import date
from typing import Any

from django.db.models import F, Q

from generations.models import Cap, Entry, Used
from generations.models.caps import month_of
from generations.models.ledger import EntryKind, booking_day


class Capped(Exception):
    """A cap of this month would be passed; ``cap`` is the one."""

    def __init__(self, cap: Cap) -> None:
        super().__init__(str(cap))
        self.cap = cap


def count(entry: Entry, amount: int, *, capped: bool = False) -> None:
    """Count an entry of an attempt in the month of its hold, for its team and its person.

    ``capped``: only as far as the caps reach; raises Capped.
    """
    month = _month(entry)
    caps = _caps(entry) if capped else {}
    for user_id in (None, entry.person_id):  # the team's first, always, so that none deadlocks
        key = {"team_id": entry.team_id, "user_id": user_id, "unit": entry.unit, "month": month}
        _take(key, amount, caps.get(user_id))


def room(cap: Cap) -> int:
    """What is left under a cap this month; 0 where it is passed."""
    used = Used.objects.filter(
        team=cap.team_id, user=cap.user_id, unit=cap.unit, month=month_of(booking_day())
    )
    return max(0, cap.amount - (used.values_list("amount", flat=True).first() or 0))


def _take(key: dict[str, Any], amount: int, cap: Cap | None) -> None:
    fits = Used.objects.filter(**key)
    if cap:  # what has no price may cost something after all: it wants one unit of room at least
        fits = fits.filter(amount__lte=cap.amount - max(amount, 1))
    if fits.update(amount=F("amount") + amount):
        return
    Used.objects.get_or_create(**key)
    if not fits.update(amount=F("amount") + amount) and cap:
        raise Capped(cap)


def _month(entry: Entry) -> date:
    """The month in which the attempt was held."""
    if entry.kind == EntryKind.HOLD:
        return month_of(entry.day)
    hold = Entry.objects.filter(attempt=entry.attempt_id, kind=EntryKind.HOLD)
    return month_of(hold.values_list("day", flat=True).first() or entry.day)


def _caps(entry: Entry) -> dict[int | None, Cap]:
    """The caps that bind an order, by whom they are for; the team's under None."""
    whose = Q(user=None) | Q(user=entry.person_id)
    return {
        cap.user_id: cap for cap in Cap.objects.filter(whose, team=entry.team_id, unit=entry.unit)
    }
