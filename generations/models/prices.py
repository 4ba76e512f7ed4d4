"""Prices that an owner has entered for a key, also negotiated ones."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from generations import clock

from .credentials import Credential
from .people import Team, User


class PriceUnit(models.TextChoices):
    """What a price is for."""

    SECOND = "second", _("a second")
    CLIP = "clip", _("a clip")


class CredentialPriceQuerySet(models.QuerySet["CredentialPrice"]):
    def for_team(self, team: Team) -> "CredentialPriceQuerySet":
        return self.filter(team=team, credential__removed_at=None)


class CredentialPrice(models.Model):
    """What one model costs at one kind of task on one key, in the provider's unit.

    ``resolution`` is empty where the price holds for all of them. ``checked_on`` is the day on
    which the owner last compared it with the provider's own page or contract.
    """

    team = models.ForeignKey(Team, models.CASCADE, related_name="prices")
    credential = models.ForeignKey(Credential, models.CASCADE, related_name="prices")
    kind = models.CharField(_("kind"), max_length=30)
    model = models.CharField(_("model"), max_length=60)
    resolution = models.CharField(_("resolution"), max_length=20, blank=True)
    per = models.CharField(_("for"), max_length=10, choices=PriceUnit, default=PriceUnit.SECOND)
    amount = models.DecimalField(_("price"), max_digits=14, decimal_places=4)
    checked_on = models.DateField(_("checked on"), null=True, blank=True)
    changed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    changed_at = models.DateTimeField(_("changed"), default=clock.now, editable=False)

    objects = CredentialPriceQuerySet.as_manager()

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        ordering = ["credential", "kind", "model", "resolution"]
        constraints = [
            models.UniqueConstraint(
                fields=["credential", "kind", "model", "resolution"], name="one_price_per_offer"
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="no_price_below_zero"),
        ]

    def __str__(self) -> str:
        words = filter(None, (self.kind, self.model, self.resolution))
        return f"{self.credential} · {' · '.join(words)}"
