"""The catalogue of this installation: every offer, what was changed of it, and what is refused."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, cast
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generations import clock
from generations.models import OfferChange, Task, User, audit
from generations.models.offers import catalogue as installed_catalogue
from generations.models.tasks import TaskState
from generations.providers import PROVIDERS
from generations.providers.catalogue import Catalogue, Offer
from generations.providers.catalogue import catalogue as shipped
from generations.providers.catalogue.changes import ChangeError, apply
from generations.providers.catalogue.offers import Price
from generations.providers.contract import Reason

from .records import Records, address, moment, related

# A model that its provider has refused so often lately is offered to be hidden.
REFUSED_OFTEN = 2
LATELY = timedelta(days=30)
SUBJECT = ("provider", "kind", "model", "like")
STATED = ("is_hidden", "durations", "resolutions", "images", "prices", "checked_on")
FACTS = (*SUBJECT, *STATED)


class OfferForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A change of one offer; each mistake is told beside its field."""

    class Meta:
        model = OfferChange
        fields = (*FACTS, "note")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "provider" in self.fields:
            choices = [(kind, shipped(kind).title) for kind in PROVIDERS]
            self.fields["provider"].widget = forms.Select(choices=choices)
            kinds = {kind for provider in PROVIDERS for kind in shipped(provider).kinds()}
            self.fields["kind"].widget = forms.Select(choices=[(k, k) for k in sorted(kinds)])
        for name, text in (LIKE | EXAMPLES).items():
            if name in self.fields:
                self.fields[name].help_text = text

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        row = self.instance
        book = shipped(values.get("provider") or row.provider)
        kind, model = values.get("kind") or row.kind, values.get("model") or row.model
        offer = book.offer(kind, model)
        if offer is None:
            offer = book.offer(kind, values.get("like") or "")
            if offer is None:
                known = ", ".join(book.models(kind)) or "–"
                sentence = gettext("Name the shipped model whose rules it follows: %(models)s.")
                self.add_error("like", sentence % {"models": known})
                return values
        elif values.get("like"):
            self.add_error("like", gettext("This model is in the shipped catalogue already."))
        self._try(offer, values)
        return values

    def _try(self, offer: Offer, values: Mapping[str, Any]) -> None:
        # What a change is about is no field of its page any more.
        stated = {name: values.get(name, getattr(self.instance, name)) for name in FACTS[1:]}
        change = OfferChange(**stated).edit
        try:
            apply(offer, change)
        except ChangeError as error:
            self.add_error(error.field, EXAMPLES[error.field])


EXAMPLES = {
    "durations": _("Write seconds as 1-16, or as 4, 8."),
    "resolutions": _("Write resolutions as 720p, 1080p."),
    "images": _("Write how many pictures it takes as 1-7, or as 2."),
    "prices": _("Write the price of a second for its resolutions, as 720p = 20, 1080p = 24.5."),
}

LIKE = {"like": _("Only for a new model: the shipped model whose rules it follows.")}


@dataclass(frozen=True)
class OfferRow:
    """One offer on the page of all; ``offer`` is as installed, None while it is hidden."""

    book: Catalogue
    kind: str
    model: str
    offer: Offer | None
    change: OfferChange | None
    refusals: int

    @property
    def href(self) -> str:
        if self.change:
            return address(self.change)
        asked = {"provider": self.book.provider, "kind": self.kind, "model": self.model}
        return f"{reverse('admin:generations_offerchange_add')}?{urlencode(asked)}"

    @property
    def hide_href(self) -> str:
        """Where to hide it; "" where its provider takes it."""
        if self.refusals < REFUSED_OFTEN or self.offer is None:
            return ""
        return self.href if self.change else f"{self.href}&is_hidden=1"

    @property
    def durations(self) -> str:
        return _span(self.offer.durations) if self.offer else ""

    @property
    def resolutions(self) -> str:
        return ", ".join(self.offer.resolutions) if self.offer else ""

    @property
    def prices(self) -> list[str]:
        """Each resolution with its price: ``540p = 10 + 2/s``, ``720p = 20/s``."""
        if self.offer is None:
            return []
        by_seconds = self.offer.priced_by == "duration"
        write = _price_of_seconds if by_seconds else _price_of_others
        prices = self.offer.prices.items()
        return [f"{size} = {write(one)}" if size else write(one) for size, one in prices]

    @property
    def checked_on(self) -> date | None:
        return self.offer.checked_on if self.offer else None


@admin.register(OfferChange)
class OfferChangeAdmin(Records):
    """Changes of offers. The list shows every offer, changed or not."""

    form = OfferForm
    fields = (*FACTS, "note", "by", "when")
    editable = (*FACTS, "note")
    joined = ("changed_by",)
    unread = ("changed_by__password",)
    by = related("changed_by", _("changed by"))

    @admin.display(description=_("changed"))
    def when(self, row: OfferChange) -> str:
        return moment(row.changed_at) if row.pk else ""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("generations.add_offerchange")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("generations.delete_offerchange")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Nobody has changed yet what is added only now."""
        return self.fields if obj else self.editable

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """What a change is about never changes; another offer has a change of its own."""
        fixed = [*SUBJECT] if obj else []
        return [*fixed, *super().get_readonly_fields(request, obj)]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            return super().changelist_view(request, extra_context)  # which refuses
        context = self.admin_site.each_context(request) | {
            "title": _("Catalogue"),
            "opts": self.opts,
            "rows": list(_rows()),
            "may_add": self.has_add_permission(request),
        }
        return TemplateResponse(request, "admin/generations/offerchange/change_list.html", context)

    def save_model(self, request: HttpRequest, obj: OfferChange, form: Any, change: bool) -> None:
        actor = cast(User, request.user)
        obj.changed_by, obj.changed_at = actor, clock.now()
        super().save_model(request, obj, form, change)
        stated = {name: getattr(obj, name) for name in (*STATED, "note")}
        stated["checked_on"] = str(obj.checked_on or "")  # a date is no JSON
        audit.record_everywhere(actor, "offer.changed", obj, **stated)

    def delete_model(self, request: HttpRequest, obj: OfferChange) -> None:
        audit.record_everywhere(cast(User, request.user), "offer.as_shipped", obj)
        super().delete_model(request, obj)


def _rows() -> Iterator[OfferRow]:
    changes = {(row.provider, row.kind, row.model): row for row in OfferChange.objects.all()}
    refused = _refusals()
    for provider in PROVIDERS:
        book, installed = shipped(provider), installed_catalogue(provider)
        offers = {(offer.kind, offer.model) for offer in (*book.offers, *installed.offers)}
        hidden = {key[1:] for key in changes if key[0] == provider}
        for kind, model in sorted(offers | hidden):
            key = (provider, kind, model)
            yield OfferRow(
                book,
                kind,
                model,
                installed.offer(kind, model),
                changes.get(key),
                refused[key],
            )


def _refusals() -> Counter[tuple[str, str, str]]:
    """Count the orders of each offer that its provider has lately refused for its model."""
    refused = Task.objects.filter(
        state=TaskState.FAILED,
        reason=Reason.MODEL_UNAVAILABLE,
        created_at__gte=clock.now() - LATELY,
    )
    return Counter(refused.values_list("credential__kind", "kind", "model"))


def _price_of_seconds(price: Price) -> str:
    """Write ``20/s``, ``10 + 2/s`` where the first second is dearer, or ``80 (5 s)``."""
    shortest = min(price.at)
    first, further = price.at[shortest], price.further
    if further is None:
        return f"{first} ({shortest} s)"
    return f"{further}/s" if first == further else f"{first} + {further}/s"


def _price_of_others(price: Price) -> str:
    """Write ``10``, or ``6–10`` where it depends on what is given, as on pictures."""
    low, high = min(price.at.values()), max(price.at.values())
    return f"{low}" if low == high else f"{low}–{high}"


def _span(durations: tuple[int, ...]) -> str:
    if not durations:
        return ""  # it follows its source, as an upscale does
    low, high = min(durations), max(durations)
    if high - low + 1 == len(durations) > 2:
        return f"{low}–{high}"
    return ", ".join(map(str, durations))
