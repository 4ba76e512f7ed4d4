"""Signs of life, and who holds which long job."""

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from generations import clock


class Pulse(models.Model):
    """The last time that something beat, e.g. ``cluster``."""

    name = models.CharField(_("name"), max_length=40, primary_key=True)
    at = models.DateTimeField(_("last beat"), default=clock.now)

    class Meta:
        verbose_name = _("sign of life")
        verbose_name_plural = _("signs of life")

    def __str__(self) -> str:
        return self.name

    @classmethod
    def beat(cls, name: str) -> None:
        cls.objects.update_or_create(name=name, defaults={"at": clock.now()})


class Lease(models.Model):
    """The right to do a job that only one process may do at a time; it ends by itself."""

    name = models.CharField(_("name"), max_length=40, primary_key=True)
    holder = models.CharField(_("holder"), max_length=32, blank=True)
    until = models.DateTimeField(_("until"), default=clock.now)

    class Meta:
        verbose_name = _("lease")
        verbose_name_plural = _("leases")

    def __str__(self) -> str:
        return self.name

    @classmethod
    def take(cls, name: str, holder: str, seconds: float) -> bool:
        """Take or renew; False while another holder has it."""
        now = clock.now()
        cls.objects.get_or_create(name=name, defaults={"until": now})
        mine_or_over = Q(holder=holder) | Q(until__lte=now)
        until = now + timedelta(seconds=seconds)
        return bool(cls.objects.filter(mine_or_over, name=name).update(holder=holder, until=until))

    @classmethod
    def queue_for(cls, name: str) -> None:
        """Wait until nobody else is between this and the end of their transaction."""
        cls.objects.get_or_create(name=name)
        cls.objects.select_for_update().get(name=name)

    @classmethod
    def give_back(cls, name: str, holder: str) -> None:
        cls.objects.filter(name=name, holder=holder).update(holder="", until=clock.now())

    @classmethod
    def free(cls, name: str, now: datetime) -> bool:
        """Whether nobody holds it."""
        return not cls.objects.filter(name=name, until__gt=now).exists()
