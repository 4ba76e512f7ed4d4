"""What this installation offers: the shipped catalogues with the changes of its operators.

``catalogue`` is what orders and pages ask. Adapters have the shipped one only, and are told by
``Order.like`` which of its models an added one follows.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from generations import clock
from generations.providers.catalogue import Catalogue
from generations.providers.catalogue import catalogue as shipped
from generations.providers.catalogue.changes import OfferEdit, changed

from .people import User

type Changes = dict[str, list[OfferEdit]]

# Filled by the first question within ``read_once``, None outside of it.
_memo: ContextVar[dict[str, Changes] | None] = ContextVar("offer_changes", default=None)


class OfferChange(models.Model):
    """A change of one model at one kind of one provider, for all teams of this installation.

    ``like`` is empty for a model of the shipped catalogue. ``durations``, ``resolutions``,
    ``images`` and ``prices`` are as in ``providers.catalogue.changes.OfferEdit``; empty ones are
    as shipped.
    """

    provider = models.CharField(_("provider"), max_length=20)
    kind = models.CharField(_("kind"), max_length=30)
    model = models.CharField(_("model"), max_length=60)
    like = models.CharField(_("follows the rules of"), max_length=60, blank=True)
    is_hidden = models.BooleanField(_("not offered"), default=False)
    durations = models.CharField(_("durations (s)"), max_length=60, blank=True)
    resolutions = models.CharField(_("resolutions"), max_length=120, blank=True)
    images = models.CharField(_("pictures"), max_length=10, blank=True)
    prices = models.CharField(_("prices of a second"), max_length=200, blank=True)
    checked_on = models.DateField(_("price checked on"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    changed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    changed_at = models.DateTimeField(_("changed"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("offer")
        verbose_name_plural = _("offers")
        ordering = ["provider", "kind", "model"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "kind", "model"], name="one_change_per_offer"
            )
        ]

    def __str__(self) -> str:
        return f"{self.provider} · {self.kind} · {self.model}"

    @property
    def edit(self) -> OfferEdit:
        return OfferEdit(
            self.kind,
            self.model,
            like=self.like,
            is_hidden=self.is_hidden,
            durations=self.durations,
            resolutions=self.resolutions,
            images=self.images,
            prices=self.prices,
            checked_on=self.checked_on,
        )


def catalogue(provider_kind: str) -> Catalogue:
    """Return the catalogue of a provider as this installation offers it."""
    book, changes = shipped(provider_kind), _changes().get(provider_kind)
    return changed(book, changes) if changes else book


@contextmanager
def read_once() -> Iterator[None]:
    """Read the changes at most once in here, so that all of a page shows the same catalogue."""
    token = _memo.set({})
    try:
        yield
    finally:
        _memo.reset(token)


def shipped_model(provider_kind: str, kind: str, model: str) -> str:
    """Return the model of the shipped catalogue that an added one follows, "" for all others."""
    rows = OfferChange.objects.filter(provider=provider_kind, kind=kind, model=model)
    return rows.values_list("like", flat=True).first() or ""


def _changes() -> Changes:
    memo = _memo.get()
    if memo is None:
        return _read()
    if not memo:
        memo["changes"] = _read()
    return memo["changes"]


def _read() -> Changes:
    found: Changes = defaultdict(list)
    for row in OfferChange.objects.all():
        found[row.provider].append(row.edit)
    return found
