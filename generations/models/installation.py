"""The one row about this installation: its identity, and a stop of all ordering."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .people import User


class Installation(models.Model):
    """This installation.

    ``identity`` is also in a file of DATA_DIR; where the two differ, one of them is a copy.
    ``stopped_*``: somebody stopped all ordering.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    identity = models.CharField(_("identity"), max_length=60, blank=True)
    stopped_at = models.DateTimeField(_("ordering stopped"), null=True, blank=True)
    stopped_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("installation")
        verbose_name_plural = _("installation")
        constraints = [models.CheckConstraint(condition=Q(id=1), name="one_installation")]

    def __str__(self) -> str:
        return self.identity[:8] or "–"

    @classmethod
    def here(cls) -> "Installation":
        """Return the row; make it where there is none yet."""
        return cls.objects.get_or_create(pk=1)[0]
