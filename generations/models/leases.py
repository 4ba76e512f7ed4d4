"""Heartbeats of processes, and leases: who does a long job."""

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from generations import clock


def idle(now: datetime) -> Q:
    """The rows whose ``lease_until`` is over: no worker holds them."""
    return Q(lease_until=None) | Q(lease_until__lte=now)


class Heartbeat(models.Model):
    """When a process last showed that it works, e.g. ``cluster``."""

    name = models.CharField(_("name"), max_length=40, primary_key=True)
    at = models.DateTimeField(_("last heartbeat"), default=clock.now)

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")

    def __str__(self) -> str:
        return self.name

    @classmethod
    def record(cls, name: str) -> None:
        """Write the present time."""
        cls.objects.update_or_create(name=name, defaults={"at": clock.now()})


class Lease(models.Model):
    """The right to do a job that only one process may do at a time. It expires by itself."""

    name = models.CharField(_("name"), max_length=40, primary_key=True)
    holder = models.CharField(_("holder"), max_length=32, blank=True)
    until = models.DateTimeField(_("until"), default=clock.now)

    class Meta:
        verbose_name = _("lease")
        verbose_name_plural = _("leases")

    def __str__(self) -> str:
        return self.name

    @classmethod
    def acquire(cls, name: str, holder: str, seconds: float) -> bool:
        """Take or renew the lease. Return False while another holder has it."""
        now = clock.now()
        cls.objects.get_or_create(name=name, defaults={"until": now})
        # The condition is part of the UPDATE: of two that find the lease over, one gets it.
        mine_or_over = Q(holder=holder) | Q(until__lte=now)
        until = now + timedelta(seconds=seconds)
        return bool(cls.objects.filter(mine_or_over, name=name).update(holder=holder, until=until))

    @classmethod
    def wait_for_turn(cls, name: str) -> None:
        """Wait until no other transaction is past this call. The turn ends with the transaction."""
        # SQLite ignores the lock, and needs none: there one transaction at a time may write.
        cls.objects.get_or_create(name=name)
        cls.objects.select_for_update().get(name=name)

    @classmethod
    def release(cls, name: str, holder: str) -> None:
        """Give the lease back where this holder has it."""
        cls.objects.filter(name=name, holder=holder).update(holder="", until=clock.now())

    @classmethod
    def is_free(cls, name: str, now: datetime) -> bool:
        """Whether nobody holds the lease."""
        return not cls.objects.filter(name=name, until__gt=now).exists()
