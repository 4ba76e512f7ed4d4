"""Count the use of caps, in the transaction of each entry, by a conditional UPDATE."""

from datetime import date
from typing import Any

from django.db.models import F, Q

from generations import events
from generations.models import Cap, CapUse, Entry
from generations.models.caps import NEAR, month_of
from generations.models.events import EventKind
from generations.models.ledger import EntryKind, booking_day


class CapExceeded(Exception):
    """An order would go over a cap of this month; ``cap`` says which."""

    def __init__(self, cap: Cap) -> None:
        super().__init__(str(cap))
        self.cap = cap


def record_use(entry: Entry, amount: int, *, capped: bool = False) -> None:
    """Count an entry of an attempt in the month of its hold, for its team and its person.

    ``capped``: raises CapExceeded where a cap is too small, and records an event where the use of a
    cap reaches NEAR percent.
    """
    month = _month(entry)
    caps = _caps(entry) if capped else {}
    for user_id in (None, entry.person_id):  # the team first, always: so no two deadlock
        key = {"team_id": entry.team_id, "user_id": user_id, "unit": entry.unit, "month": month}
        _add_use(key, amount, caps.get(user_id))


def cap_remaining(cap: Cap) -> int:
    """Return what is left of a cap this month, at least 0."""
    used = CapUse.objects.filter(
        team=cap.team_id, user=cap.user_id, unit=cap.unit, month=month_of(booking_day())
    )
    return max(0, cap.amount - (used.values_list("amount", flat=True).first() or 0))


def _add_use(key: dict[str, Any], amount: int, cap: Cap | None) -> None:
    uses = CapUse.objects.filter(**key)
    if cap:  # what has no price may cost something after all: at least one unit must be left
        uses = uses.filter(amount__lte=cap.amount - max(amount, 1))
    if not uses.update(amount=F("amount") + amount):
        CapUse.objects.get_or_create(**key)
        if not uses.update(amount=F("amount") + amount) and cap:
            raise CapExceeded(cap)
    if cap:
        _record_near(cap, CapUse.objects.get(**key).amount, amount)


def _record_near(cap: Cap, used: int, added: int) -> None:
    """Record an event where this hold made the use of a cap reach NEAR percent."""
    limit = cap.amount * NEAR
    if (used - added) * 100 < limit <= used * 100:
        events.record(
            cap.team_id, EventKind.CAP_NEAR, cap.pk, used=used, amount=cap.amount, unit=cap.unit
        )


def _month(entry: Entry) -> date:
    """Return the first day of the month in which the attempt was held."""
    if entry.kind == EntryKind.HOLD:
        return month_of(entry.day)
    hold = Entry.objects.filter(attempt=entry.attempt_id, kind=EntryKind.HOLD)
    return month_of(hold.values_list("day", flat=True).first() or entry.day)


def _caps(entry: Entry) -> dict[int | None, Cap]:
    """Return the caps of an order by their user; the cap of the team is under None."""
    whose = Q(user=None) | Q(user=entry.person_id)
    return {
        cap.user_id: cap for cap in Cap.objects.filter(whose, team=entry.team_id, unit=entry.unit)
    }
