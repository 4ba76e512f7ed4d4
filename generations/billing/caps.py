"""Caps: set by owners, shown with their use in this month, and counted with each entry."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from generations import clock
from generations.models import Cap, CapUse, Entry, Team, User, audit, events
from generations.models.caps import NEAR, CapQuerySet, month_of
from generations.models.events import EventKind
from generations.models.ledger import EntryKind, booking_day

# ---- For pages and orders ---------------------------------------------------------------------


@dataclass(frozen=True)
class Use:
    """The use of a cap in a month. It may be over the cap: charges may be above their holds."""

    cap: Cap
    used: int
    month: date

    @property
    def left(self) -> int:
        return max(0, self.cap.amount - self.used)

    @property
    def percent(self) -> int:
        # A cap of 0 forbids all orders, so it counts as full.
        return min(100, 100 * self.used // self.cap.amount) if self.cap.amount else 100

    @property
    def is_near(self) -> bool:
        return self.percent >= NEAR

    @property
    def is_full(self) -> bool:
        return self.used >= self.cap.amount


def uses(caps: CapQuerySet) -> list[Use]:
    """Return each cap with its use in this month."""
    month = month_of(booking_day())
    return [Use(cap, cap.used, month) for cap in caps.with_use(month)]  # type: ignore[attr-defined]


def remaining(cap: Cap) -> int:
    """Return what is left of a cap this month, at least 0."""
    used = CapUse.objects.filter(
        team=cap.team_id, user=cap.user_id, unit=cap.unit, month=month_of(booking_day())
    )
    return max(0, cap.amount - (used.values_list("amount", flat=True).first() or 0))


@transaction.atomic
def change(team: Team, user: User | None, unit: str, amount: int | None, by: User) -> None:
    """Set, change or (None) remove a cap. Orders that run go on."""
    cap = Cap.objects.filter(team=team, user=user, unit=unit).first()
    before = cap.amount if cap else None
    if amount == before:
        return
    if amount is None:
        Cap.objects.filter(team=team, user=user, unit=unit).delete()
    else:
        Cap.objects.update_or_create(
            team=team,
            user=user,
            unit=unit,
            defaults={"amount": amount, "changed_by": by, "changed_at": clock.now()},
        )
    audit.record(team, by, "cap.changed", user or team, unit=unit, before=before, after=amount)


# ---- For the ledger ---------------------------------------------------------------------------


class CapExceeded(Exception):
    """An order would go over a cap of this month; ``cap`` says which."""

    def __init__(self, cap: Cap) -> None:
        super().__init__(str(cap))
        self.cap = cap


def record_use(entry: Entry, amount: int, *, capped: bool = False) -> None:
    """Count an entry of an attempt in the month of its hold, for its team and its person.

    Call it in the transaction that writes the entry. ``capped``: raises CapExceeded where a cap is
    too small, and records an event where the use of a cap reaches NEAR percent.
    """
    month = _month_of_hold(entry)
    caps = _caps_of(entry) if capped else {}
    # Counted with or without a cap, because a cap that is set later counts the whole month.
    for user_id in (None, entry.person_id):  # the team first, always: so no two deadlock
        key = {"team_id": entry.team_id, "user_id": user_id, "unit": entry.unit, "month": month}
        _add_use(key, amount, caps.get(user_id))


def _month_of_hold(entry: Entry) -> date:
    """Return the first day of the month in which the attempt was held."""
    if entry.kind == EntryKind.HOLD:
        return month_of(entry.day)
    hold = Entry.objects.filter(attempt=entry.attempt_id, kind=EntryKind.HOLD)
    return month_of(hold.values_list("day", flat=True).first() or entry.day)


def _caps_of(entry: Entry) -> dict[int | None, Cap]:
    """Return the caps of an order by their user; the cap of the team is under None."""
    whose = Q(user=None) | Q(user=entry.person_id)
    return {
        cap.user_id: cap for cap in Cap.objects.filter(whose, team=entry.team_id, unit=entry.unit)
    }


def _add_use(key: dict[str, Any], amount: int, cap: Cap | None) -> None:
    use = CapUse.objects.filter(**key)
    # The cap is a condition of the UPDATE: whoever orders meanwhile waits for this row, and is then
    # judged by the new amount. To read first and then write would let two orders pass at once.
    if cap:  # what has no price may cost something after all: at least one unit must be left
        use = use.filter(amount__lte=cap.amount - max(amount, 1))
    if not use.update(amount=F("amount") + amount):
        # Either the month has no row yet, or the cap is used up: with the row there, ask again.
        CapUse.objects.get_or_create(**key)
        if not use.update(amount=F("amount") + amount) and cap:
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
