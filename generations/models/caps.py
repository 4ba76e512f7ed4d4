"""Caps: what a team or a member may spend in a month, and how much of it is used."""

from datetime import date

from django.db import models
from django.db.models import Case, F, OuterRef, Q, Subquery, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from generations import clock

from .people import Team, User

NEAR = 80  # percent of a cap: from here pages warn


class CapQuerySet(models.QuerySet["Cap"]):
    def for_team(self, team: Team) -> "CapQuerySet":
        return self.filter(team=team)

    def with_use(self, month: date) -> "CapQuerySet":
        """Annotate ``used`` and ``unknown``: the use in a month, named by its first day."""
        same = CapUse.objects.filter(team=OuterRef("team"), unit=OuterRef("unit"), month=month)

        def use(column: str) -> Coalesce:
            whole = Subquery(same.filter(user=None).values(column)[:1])
            own = Subquery(same.filter(user=OuterRef("user")).values(column)[:1])
            return Coalesce(Case(When(user=None, then=whole), default=own), 0)

        return self.annotate(used=use("amount"), unknown=use("unknown"))

    def near(self, month: date) -> "CapQuerySet":
        """Caps of which at least NEAR percent are used."""
        # Not divided: whole numbers would be rounded, and a cap that is not near called so.
        caps = self.with_use(month).alias(used_parts=F("used") * 100)
        return caps.filter(used_parts__gte=F("amount") * NEAR)


class WhenUnknown(models.TextChoices):
    """What a cap does with an order whose price nobody knows."""

    ASK = "ask", _("Ask before each order")
    REFUSE = "refuse", _("Refuse the order")


class Cap(models.Model):
    """The most of one unit that may be spent in a month; without ``user`` by the whole team."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="caps")
    user = models.ForeignKey(User, models.CASCADE, null=True, blank=True, related_name="caps")
    unit = models.CharField(_("unit"), max_length=20)
    amount = models.BigIntegerField(_("most a month"))
    when_unknown = models.CharField(
        _("without a known price"), max_length=10, choices=WhenUnknown, default=WhenUnknown.ASK
    )
    changed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    changed_at = models.DateTimeField(_("changed"), default=clock.now, editable=False)

    objects = CapQuerySet.as_manager()

    class Meta:
        verbose_name = _("cap")
        verbose_name_plural = _("caps")
        # Two constraints: to a unique index one empty user differs from another.
        constraints = [
            models.UniqueConstraint(fields=["team", "unit", "user"], name="one_cap_per_member"),
            models.UniqueConstraint(
                fields=["team", "unit"], condition=Q(user=None), name="one_cap_per_team"
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="no_cap_below_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.user or self.team} · {self.amount:,} {self.unit}"


class CapUse(models.Model):
    """What the orders of one month hold or cost, of a member or (without ``user``) of the team.

    An order counts in the month in which it was held, however late it ends. ``unknown`` counts the
    orders of which nobody knows what they cost; they are not in ``amount``.
    """

    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    user = models.ForeignKey(User, models.CASCADE, null=True, related_name="+")
    unit = models.CharField(max_length=20)
    month = models.DateField()
    amount = models.BigIntegerField(default=0)
    unknown = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["team", "unit", "month", "user"], name="one_use_per_member"
            ),
            models.UniqueConstraint(
                fields=["team", "unit", "month"], condition=Q(user=None), name="one_use_per_team"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.amount:,} {self.unit}"


def month_of(day: date) -> date:
    """Return the first day of the month."""
    return day.replace(day=1)
