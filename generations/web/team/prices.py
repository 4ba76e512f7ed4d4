"""The prices of a key: what the catalogue says, and what owners enter. Every member reads them."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import urlencode
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from generations.billing.prices import remove_price, set_price
from generations.models import Credential, CredentialPrice, Membership
from generations.models.films import FILM, MODELS, PARTS, WORK
from generations.models.ledger import booking_day
from generations.models.offers import catalogue
from generations.models.prices import PriceUnit
from generations.providers.catalogue import Offer
from generations.providers.contract import Order
from generations.templatetags.formats import amount, plain_price, price_in_words, unit_name
from generations.web.access import for_member, for_owner
from generations.web.messages.reasons import Sentence
from generations.web.messages.tasks import KINDS
from generations.web.query import FIRST_YEAR, MOST_CHARACTERS, read_price


@dataclass(frozen=True)
class PriceRow:
    """One model at one kind and resolution, "" for all of them, with both of its prices.

    ``offer`` is None for a part of a film, and for what the catalogue offers no more. ``covering``
    is an owner's price for all resolutions, in the row of one of them.
    """

    kind: str
    model: str
    resolution: str
    unit: str
    offer: Offer | None
    own: CredentialPrice | None
    covering: CredentialPrice | None = None

    @property
    def title(self) -> Sentence:
        """The model; of a film and its parts the kind, because they have no model of their own."""
        return KINDS.get(self.kind, self.kind) if self.model in WORK else self.model

    @property
    def published(self) -> str:
        """The catalogue's price of a clip of the usual length, "" where it has none."""
        if self.offer is None:
            return ""
        if self.offer.priced_by != "duration":
            return self._published_by_measure(self.offer)
        order = Order(self.kind, self.model, prompt="", resolution=self.resolution)
        units = self.offer.estimate(order)
        if units is None:
            return ""
        values = {"amount": amount(units, self.unit), "n": self.offer.duration}
        return gettext("%(amount)s for %(n)s s") % values

    def _published_by_measure(self, offer: Offer) -> str:
        """The price of what is not charged by its own length: a picture, a speech, an upscale."""
        price = offer.prices.get(self.resolution)
        least = offer.images[0] if offer.priced_by == "images" else 1
        units = price.of(least) if price else None
        if units is None:
            return ""
        values = {"amount": amount(math.ceil(units), self.unit), "n": offer.price_step}
        match offer.priced_by:
            case "images":
                return gettext("from %(amount)s a picture") % values
            case "characters":
                return gettext("%(amount)s for %(n)s characters") % values
        return gettext("%(amount)s for %(n)s s") % values

    @property
    def entered(self) -> str:
        """The owner's price: "7.5 credits a second"."""
        price = self.own or self.covering
        return price_in_words(price.amount, self.unit, price.per) if price else ""

    @property
    def is_known(self) -> bool:
        return bool(self.own or self.covering or self.published)

    @property
    def query(self) -> str:
        named = {"kind": self.kind, "model": self.model, "resolution": self.resolution}
        return urlencode({name: value for name, value in named.items() if value})


@dataclass(frozen=True)
class PriceGroup:
    """The rows of one kind of clip."""

    kind: str
    rows: Sequence[PriceRow]

    @property
    def title(self) -> Sentence:
        return KINDS.get(self.kind, self.kind)

    @property
    def unknown(self) -> int:
        """How many of them nobody knows a price of."""
        return sum(not row.is_known for row in self.rows)

    @property
    def is_open(self) -> bool:
        """Whether an owner has something to see in it."""
        return self.unknown > 0 or any(row.own for row in self.rows)


@require_http_methods(["GET", "HEAD", "POST"])
@for_member
def prices(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """Show the prices of a key; POSTed, enter or change one of them."""
    if request.method == "POST" and not membership.may_manage:
        raise PermissionDenied
    credential = _credential(membership, pk)
    entered = list(
        CredentialPrice.objects.filter(credential=credential).select_related("changed_by")
    )
    rows = list(_rows(credential, entered))
    form = PriceForm(credential, rows, request.POST or None, initial=_begun(request, rows))
    if form.is_valid():
        set_price(credential, membership.user, **form.cleaned_data)
        messages.success(request, gettext("The price is saved. It counts for new orders."))
        return redirect("prices", membership.team.slug, pk)
    page = {
        "credential": credential,
        "groups": [PriceGroup(kind, found) for kind, found in _by_kind(rows).items()],
        "form": form,
        "sources": _sources(rows),
    }
    status = 422 if form.is_bound else 200
    return render(request, "team/credentials/prices.html", page, status=status)


@require_POST
@for_owner
def remove(request: HttpRequest, membership: Membership, pk: int, price: int) -> HttpResponse:
    rows = CredentialPrice.objects.for_team(membership.team).filter(credential=pk)
    row = get_object_or_404(rows.select_related("team", "credential"), pk=price)
    remove_price(row, membership.user)
    messages.success(request, gettext("The price is removed. The catalogue's counts again."))
    return redirect("prices", membership.team.slug, pk)


def _credential(membership: Membership, pk: int) -> Credential:
    rows = Credential.objects.for_team(membership.team).without_secret()
    return get_object_or_404(rows.select_related("team"), pk=pk)


def _rows(credential: Credential, entered: Iterable[CredentialPrice]) -> Iterator[PriceRow]:
    """Yield all that the key can make, kind by kind, then what it has a price of and cannot."""
    unit = catalogue(credential.kind).unit
    own = {(price.kind, price.model, price.resolution): price for price in entered}
    for kind, model, offer in _offers(credential):
        resolutions = offer.resolutions if offer else ()
        # A price for all resolutions stands in a row of its own, before those of each of them.
        whole = own.pop((kind, model, ""), None)
        if whole or not resolutions:
            yield PriceRow(kind, model, "", unit, offer, whole)
        for resolution in resolutions:
            price = own.pop((kind, model, resolution), None)
            yield PriceRow(kind, model, resolution, unit, offer, price, whole)
    for (kind, model, resolution), price in own.items():
        yield PriceRow(kind, model, resolution, unit, None, price)


def _offers(credential: Credential) -> Iterator[tuple[str, str, Offer | None]]:
    book = catalogue(credential.kind)
    for kind in book.kinds():
        for model in book.models(kind):
            yield kind, model, book.offer(kind, model)
    if FILM in book.kinds():  # whose parts are ordered too
        for kind in PARTS:
            yield kind, MODELS[kind], None


def _by_kind(rows: Iterable[PriceRow]) -> dict[str, list[PriceRow]]:
    found: dict[str, list[PriceRow]] = {}
    for row in rows:
        found.setdefault(row.kind, []).append(row)
    return found


def _sources(rows: Iterable[PriceRow]) -> list[tuple[str, Any]]:
    """Return each page that the catalogue's prices were read from, and on which day."""
    found = {
        (row.offer.source, row.offer.checked_on) for row in rows if row.offer and row.offer.source
    }
    return sorted(found, key=str)


def _begun(request: HttpRequest, rows: Sequence[PriceRow]) -> dict[str, object]:
    """Return what the form begins with: what the address names, with the price that it has."""
    asked = {name: request.GET.get(name, "") for name in ("kind", "model", "resolution")}
    named = (asked["kind"], asked["model"])
    begun: dict[str, object] = {
        "offer": "|".join(named),
        "resolution": asked["resolution"],
        "per": PriceUnit.SECOND,
        "checked_on": booking_day(),
    }
    row = next(
        (
            row
            for row in rows
            if row.own and (row.kind, row.model, row.resolution) == (*named, asked["resolution"])
        ),
        None,
    )
    if row and row.own:
        begun |= {"per": row.own.per, "amount": plain_price(row.own.amount, row.unit)}
    return begun


class PriceForm(forms.Form):
    """A price of one of ``rows``; its ``cleaned_data`` is what ``set_price`` takes."""

    use_required_attribute = False

    offer = forms.ChoiceField(label=_("Model"), error_messages={"required": _("Choose a model.")})
    resolution = forms.ChoiceField(label=_("Resolution"), required=False)
    per = forms.ChoiceField(label=pgettext_lazy("price", "For"), choices=PriceUnit.choices)
    amount = forms.CharField(
        max_length=MOST_CHARACTERS,
        error_messages={"required": _("Type the price.")},
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    checked_on = forms.DateField(
        label=_("Checked on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": _("Give a day, or leave it empty.")},
    )

    def __init__(
        self,
        credential: Credential,
        rows: Sequence[PriceRow],
        data: Mapping[str, object] | None = None,
        *,
        initial: Mapping[str, object],
    ) -> None:
        super().__init__(data, initial=dict(initial))
        self.unit = catalogue(credential.kind).unit
        self.resolutions: dict[str, list[str]] = {}
        for row in rows:
            of_offer = self.resolutions.setdefault(f"{row.kind}|{row.model}", [])
            if row.resolution:
                of_offer.append(row.resolution)
        resolutions = dict.fromkeys(row.resolution for row in rows if row.resolution)
        self.fields["offer"].choices = self._offer_choices(rows)  # type: ignore[attr-defined]
        self.fields["resolution"].choices = [  # type: ignore[attr-defined]
            ("", _("Any")),
            *((one, one) for one in resolutions),
        ]
        self.fields["amount"].label = (
            _("Price in US dollars")
            if self.unit == "cent"
            else _("Price in %(unit)s") % {"unit": unit_name(self.unit)}
        )

    def _offer_choices(self, rows: Sequence[PriceRow]) -> list[tuple[object, object]]:
        """Return the models under the kind of clip that they make."""
        choices: list[tuple[object, object]] = [("", "—")]
        for kind, found in _by_kind(rows).items():
            titles = {f"{kind}|{row.model}": row.title for row in found}
            choices.append((KINDS.get(kind, kind), list(titles.items())))
        return choices

    def clean_amount(self) -> Decimal:
        price = read_price(self.cleaned_data["amount"], self.unit)
        if price is None:
            raise forms.ValidationError(_("Type a number such as 7.5, with at most four decimals."))
        return price

    def clean_checked_on(self) -> object:
        day = self.cleaned_data["checked_on"]
        if day and not (day.year >= FIRST_YEAR and day <= booking_day()):
            raise forms.ValidationError(_("This day has not come yet, or is too long ago."))
        return day

    def clean(self) -> dict[str, Any]:
        """Refuse what the chosen model cannot have, and name the model as ``set_price`` does."""
        values = self.cleaned_data
        if "offer" not in values:
            return values
        offer = values.pop("offer")
        kind, _bar, model = offer.partition("|")
        resolutions, chosen = self.resolutions[offer], values.get("resolution")
        if chosen and chosen not in resolutions:
            self.add_error("resolution", _no_resolution(resolutions))
        if kind in PARTS and values.get("per") == PriceUnit.SECOND:
            self.add_error("per", _("Nobody knows how long a part will be. Enter it for a clip."))
        return values | {"kind": kind, "model": model}


def _no_resolution(resolutions: Sequence[str]) -> str:
    if not resolutions:
        return gettext("This model has no resolutions to choose from. Choose “Any”.")
    values = {"choices": ", ".join(resolutions)}
    return gettext("This model makes %(choices)s. Choose one of them, or “Any”.") % values
