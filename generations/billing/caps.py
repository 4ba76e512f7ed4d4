"""Caps: set by owners, shown with their use in this month, and counted with each entry."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from generations import clock
from generations.models import Cap, CapUse, Entry, Team, User, audit, events
from generations.models.caps import NEAR, CapQuerySet, WhenUnknown, month_of
from generations.models.events import EventKind
from generations.models.ledger import EntryKind, booking_day

# ---- For pages and orders ---------------------------------------------------------------------


@dataclass(frozen=True)
class Use:
    """The use of a cap in a month. It may be over the cap: charges may be above their holds.

    ``unknown`` counts the clips that are not in ``used``, because nobody knows what they cost.
    """

    cap: Cap
    used: int
    month: date
    unknown: int = 0

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
    rows: Any = caps.with_use(month)
    return [Use(cap, cap.used, month, cap.unknown) for cap in rows]


def remaining(cap: Cap) -> int:
    """Return what is left of a cap this month, at least 0."""
    used = CapUse.objects.filter(
        team=cap.team_id, user=cap.user_id, unit=cap.unit, month=month_of(booking_day())
    )
    return max(0, cap.amount - (used.values_list("amount", flat=True).first() or 0))


@transaction.atomic
def change(
    team: Team,
    user: User | None,
    unit: str,
    amount: int | None,
    by: User,
    *,
    when_unknown: WhenUnknown = WhenUnknown.ASK,
) -> None:
    """Set, change or (None) remove a cap. Orders that run go on.

    ``when_unknown``: what it does with an order whose price nobody knows.
    """
    cap = Cap.objects.filter(team=team, user=user, unit=unit).first()
    before = (cap.amount, cap.when_unknown) if cap else (None, "")
    after = (None, "") if amount is None else (amount, when_unknown)
    if after == before:
        return
    if amount is None:
        Cap.objects.filter(team=team, user=user, unit=unit).delete()
    else:
        Cap.objects.update_or_create(
            team=team,
            user=user,
            unit=unit,
            defaults={
                "amount": amount,
                "when_unknown": when_unknown,
                "changed_by": by,
                "changed_at": clock.now(),
            },
        )
    policy = {} if before[1] == after[1] else {"when_unknown": after[1]}
    audit.record(
        team,
        by,
        "cap.changed",
        user or team,
        unit=unit,
        before=before[0],
        after=amount,
        **policy,
    )


# ---- For the ledger ---------------------------------------------------------------------------


class CapExceeded(Exception):
    """An order would go over a cap of this month; ``cap`` says which."""

    def __init__(self, cap: Cap) -> None:
        super().__init__(str(cap))
        self.cap = cap


class AmountUnknown(Exception):
    """Nobody knows what an order under a cap will cost, and the cap asks or refuses."""

    def __init__(self, cap: Cap) -> None:
        super().__init__(str(cap))
        self.cap = cap


@dataclass(frozen=True)
class Added:
    """What an entry adds to the use of a cap; ``unknown`` counts orders of unknown cost."""

    amount: int
    unknown: int = 0


def record_use(
    entry: Entry, added: Added, *, capped: bool = False, accepts_unknown: bool = False
) -> None:
    """Count an entry of an attempt in the month of its hold, for its team and its person.

    Call it in the transaction that writes the entry. ``capped``: raises CapExceeded where a cap is
    too small, AmountUnknown where nobody knows the amount and the cap does not let that pass, and
    records an event where the use of a cap reaches NEAR percent. ``accepts_unknown``: the person
    knows that nobody knows it, which is enough for a cap that asks.
    """
    month = _month_of_hold(entry)
    caps = _caps_of(entry) if capped else {}
    for cap in caps.values() if added.unknown else ():
        if not (accepts_unknown and cap.when_unknown == WhenUnknown.ASK):
            raise AmountUnknown(cap)
    # Counted with or without a cap, because a cap that is set later counts the whole month.
    for user_id in (None, entry.person_id):  # the team first, always: so no two deadlock
        key = {"team_id": entry.team_id, "user_id": user_id, "unit": entry.unit, "month": month}
        _add_use(key, added, caps.get(user_id))


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


def _add_use(key: dict[str, Any], added: Added, cap: Cap | None) -> None:
    use = CapUse.objects.filter(**key)
    more = {"amount": F("amount") + added.amount, "unknown": F("unknown") + added.unknown}
    # The cap is a condition of the UPDATE: whoever orders meanwhile waits for this row, and is then
    # judged by the new amount. To read first and then write would let two orders pass at once.
    if cap:  # what has no known price may cost something after all: at least one unit must be left
        use = use.filter(amount__lte=cap.amount - max(added.amount, 1))
    if not use.update(**more):
        # Either the month has no row yet, or the cap is used up: with the row there, ask again.
        CapUse.objects.get_or_create(**key)
        if not use.update(**more) and cap:
            raise CapExceeded(cap)
    if cap:
        _record_near(cap, CapUse.objects.get(**key).amount, added.amount)


def _record_near(cap: Cap, used: int, added: int) -> None:
    """Record an event where this hold made the use of a cap reach NEAR percent."""
    limit = cap.amount * NEAR
    if (used - added) * 100 < limit <= used * 100:
        events.record(
            cap.team_id, EventKind.CAP_NEAR, cap.pk, used=used, amount=cap.amount, unit=cap.unit
        )
