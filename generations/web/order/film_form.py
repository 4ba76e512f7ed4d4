"""The brief of an ad film, on the keys that make films."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from generations.models import Credential
from generations.models.films import FILM
from generations.providers.catalogue import Offer, catalogue
from generations.providers.contract import Order
from generations.web.query import whole_number

from .fields import CatalogueForm, Values, pictures_field, pills, token_field, whole_number_field

VOICES = {
    "zh": pgettext_lazy("voice", "Chinese"),
    "en": pgettext_lazy("voice", "English"),
}


def film_offers(credential: Credential) -> list[Offer]:
    return [offer for offer in catalogue(credential.kind).offers if offer.kind == FILM]


def film_keys(credentials: Iterable[Credential]) -> list[Credential]:
    """Return the keys whose provider makes films."""
    return [key for key in credentials if film_offers(key)]


class FilmForm(CatalogueForm):
    """One brief on one key of ``able``, which make films."""

    def __init__(self, able: Sequence[Credential], values: Values, *, sent: bool = False) -> None:
        super().__init__(values, sent=sent)
        self.able = able
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
        return getattr(self, "cleaned_data", {})

    @property
    def duration_range(self) -> tuple[int, int]:
        return min(self.offer.durations), max(self.offer.durations)

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
    }
