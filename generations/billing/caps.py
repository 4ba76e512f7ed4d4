"""Caps: set by owners, with their use in this month."""

from dataclasses import dataclass
from datetime import date

from django.db import transaction

from generations import audit, clock
from generations.models import Cap, Team, User
from generations.models.caps import NEAR, CapQuerySet, month_of
from generations.models.ledger import booking_day


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
