"""The page on which a person orders an ad film from a brief, and its form."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods

from generations import films
from generations.billing import prices
from generations.lifecycle.order import OrderRefused
from generations.models import Credential, Film, Membership
from generations.models.films import FILM
from generations.models.offers import catalogue
from generations.providers.catalogue import Offer
from generations.providers.contract import Order
from generations.web.access import for_producer
from generations.web.files.uploads import Slots, bounded, slots
from generations.web.layout.estimates import ShownEstimate, answer_of, price_question
from generations.web.layout.keys import keys_of
from generations.web.query import wants_part, whole_number

from .fields import (
    CatalogueForm,
    Values,
    answer_field,
    pictures_field,
    pills,
    posted_values,
    token_field,
    whole_number_field,
)
from .sidebar import Choice

VOICES = {
    "zh": pgettext_lazy("voice", "Chinese"),
    "en": pgettext_lazy("voice", "English"),
}


class FilmForm(CatalogueForm):
    """One brief on one key of ``able``, which make films."""

    def __init__(self, able: Sequence[Credential], values: Values, *, sent: bool = False) -> None:
        super().__init__(values, sent=sent)
        self.able = able
        # Else a key that works comes before one that is paused.
        named = [key for key in able if str(key.pk) == values.get("credential")]
        self.credential = (named or sorted(able, key=lambda key: key.is_paused))[0]
        self.offer = film_offers(self.credential)[0]
        self.fields |= _fields(self.offer, able, self.credential)
        for name, field in self.fields.items():
            self.initial[name] = values.get(name, field.initial)

    def clean(self) -> dict[str, Any]:
        if not self.errors:
            self.refuse(self.offer.problems(self.order))
        return self.cleaned_data

    @property
    def order(self) -> Order:
        """The brief in the catalogue's words."""
        filled = {name: value for name, value in self._cleaned.items() if value not in (None, "")}
        values = {**self.initial, **filled}
        return Order(
            kind=FILM,
            model=self.offer.model,
            # An emptied brief is empty: not the one that the page began with.
            prompt=self._cleaned.get("prompt", values["prompt"] or ""),
            duration=self.seconds,
            aspect_ratio=values["aspect_ratio"],
            images=self.pictures,
            options={"language": values["language"]},
        )

    @property
    def seconds(self) -> int:
        """The length as far as it can be read, else the provider's default."""
        seconds = whole_number(str(self._cleaned.get("duration") or self.initial["duration"]))
        return seconds if seconds in self.offer.durations else self.offer.duration

    @property
    def _cleaned(self) -> dict[str, Any]:
        # A form that was not sent has none, and its price is asked for all the same.
        return getattr(self, "cleaned_data", {})

    @property
    def accepts_unknown(self) -> bool:
        """Whether the person knows that nobody knows the price of this very film."""
        return self.answer == answer_of(self.order, [self.credential])

    @property
    def token(self) -> str:
        return str(self._cleaned.get("form_token") or self.initial["form_token"])


def _fields(
    offer: Offer, able: Sequence[Credential], credential: Credential
) -> dict[str, forms.Field]:
    words = _("What is shown, who it is for, how it should feel.")
    prompt = forms.Textarea(attrs={"rows": 4, "dir": "auto", "placeholder": words})
    low, high = min(offer.durations), max(offer.durations)
    (language,) = (option for option in offer.options if option.name == "language")
    voice = pills("language", _("Voice"), language.choices, language.default)
    voice.choices = [(choice, VOICES.get(choice, choice)) for choice in language.choices]
    keys = [str(key.pk) for key in able]
    return {
        "images": pictures_field(),
        "prompt": forms.CharField(label=_("Brief"), required=False, widget=prompt),
        "duration": whole_number_field(
            "duration", _("Duration"), low, high, initial=offer.duration
        ),
        "aspect_ratio": pills("aspect_ratio", _("Ratio"), offer.aspect_ratios, offer.aspect_ratio),
        "language": voice,
        "credential": pills("credential", _("Provider"), keys, credential.pk),
        "form_token": token_field(),
        "accepts_unknown": answer_field(),
    }


def film_keys(credentials: Iterable[Credential]) -> list[Credential]:
    """Return the keys whose provider makes films."""
    return [key for key in credentials if film_offers(key)]


def film_offers(credential: Credential) -> list[Offer]:
    return [offer for offer in catalogue(credential.kind).offers if offer.kind == FILM]


@bounded
@require_http_methods(["GET", "HEAD", "POST"])
@for_producer
@csrf_protect
def new_film(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Show the brief; POSTed, order the film. With htmx: the part that follows the chosen key."""
    team = membership.team
    keys = Credential.objects.for_team(team).without_secret().order_by("kind", "name", "pk")
    able = film_keys(keys)
    if not able:
        return render(request, "order/film_no_key.html")
    sent = request.method == "POST" and "update" not in request.POST
    values, unfit = _values(request, membership)
    form = FilmForm(able, values, sent=sent)
    pictures = slots(team, form.offer, values, unfit)
    form.pictures = pictures.pictures
    if sent and not unfit and form.is_valid() and (film := _ordered(membership, form, pictures)):
        answer = redirect("film", team.slug, film.pk)
        # Every client asks for the board by GET.
        answer.status_code = HTTPStatus.SEE_OTHER
        return answer
    pictures = replace(pictures, errors=[*unfit, *form.picture_errors])
    context = {"form": form, "slots": pictures, **_priced(membership, form)}
    part = "#live" if wants_part(request) else ""
    return render(request, f"order/film.html{part}", context, status=422 if sent else 200)


def _values(request: HttpRequest, membership: Membership) -> tuple[Values, list[str]]:
    if request.method == "POST":
        return posted_values(request, membership)
    begun: Values = MultiValueDict()
    begun.update(request.GET)
    return begun, []


def _ordered(membership: Membership, form: FilmForm, pictures: Slots) -> Film | None:
    """Order the film, or say on the form why nothing was ordered."""
    try:
        return films.order_film(
            membership,
            form.credential,
            form.order,
            accepts_unknown=form.accepts_unknown,
            form_token=form.token,
            pictures=pictures.chosen,
        )
    except OrderRefused as refused:
        form.add_refusal(refused)
    return None


def _priced(membership: Membership, form: FilmForm) -> dict[str, object]:
    """Return each key that makes films with what the film costs there, and what is asked first."""
    able = {key.pk for key in form.able}
    order = form.order
    choices = [
        Choice(
            key=key,
            cost=ShownEstimate(_estimate(key.credential, order), key.unit, order),
            usual=None,
            is_chosen=key.credential == form.credential,
            is_also=False,
        )
        for key in keys_of(membership.team)
        if key.credential.pk in able
    ]
    chosen = next(choice for choice in choices if choice.is_chosen)
    estimates = {form.credential: chosen.cost.estimate} if chosen.cost else {}
    question = price_question(membership, order, estimates)
    return {"choices": choices, "choice": chosen, "question": question}


def _estimate(credential: Credential, order: Order) -> prices.Estimate:
    """Return what the film costs on a key: without a price, what the last one as long cost."""
    last = films.last_price(credential, FILM, duration=order.duration)
    return prices.estimate(credential, order, last=last)
