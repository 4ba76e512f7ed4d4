"""The brief of an ad film, on the keys that make films."""

import secrets
from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from generations.models import Credential
from generations.models.films import FILM
from generations.providers.catalogue import Offer, Problem, catalogue
from generations.providers.contract import Order, Picture
from generations.web.messages.problems import sentence
from generations.web.order.form import Values
from generations.web.order.inputs import LABELS, pills, whole

VOICES = {
    "zh": pgettext_lazy("voice", "Chinese"),
    "en": pgettext_lazy("voice", "English"),
}


def film_offers(credential: Credential) -> list[Offer]:
    return [offer for offer in catalogue(credential.kind).offers if offer.kind == FILM]


def makers(credentials: Iterable[Credential]) -> list[Credential]:
    """The keys whose provider makes films."""
    return [key for key in credentials if film_offers(key)]


class FilmForm(forms.Form):
    """One brief on one key; its final word is ``offer.problems``, as that of every order.

    ``pictures`` are set by who shows them, once it is known which the offer takes.
    """

    use_required_attribute = False

    def __init__(self, able: Sequence[Credential], values: Values, *, sent: bool = False) -> None:
        super().__init__(values if sent else None)
        self.pictures: Sequence[Picture] = ()
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

    def refuse(self, problems: Iterable[Problem]) -> None:
        """Put each problem beside its field, or above the button where it has none."""
        for problem in problems:
            field = problem.field if problem.field in self.fields else None
            self.add_error(field, sentence(problem, LABELS))

    @property
    def order(self) -> Order:
        """The brief in the catalogue's words."""
        said = {**self.initial, **{k: v for k, v in self._read.items() if v not in (None, "")}}
        return Order(
            kind=FILM,
            model=self.offer.model,
            prompt=self._read.get("prompt", said["prompt"] or ""),
            duration=self.seconds,
            aspect_ratio=said["aspect_ratio"],
            images=self.pictures,
            options={"language": said["language"]},
        )

    @property
    def seconds(self) -> int:
        """As far as it can be read; the provider's own where it cannot."""
        said = str(self._read.get("duration") or self.initial["duration"])
        number = int(said) if said.isascii() and said.isdecimal() and len(said) < 5 else 0
        return number if number in self.offer.durations else self.offer.duration

    @property
    def _read(self) -> dict[str, Any]:
        return getattr(self, "cleaned_data", {})

    @property
    def duration_range(self) -> tuple[int, int]:
        return min(self.offer.durations), max(self.offer.durations)

    @property
    def token(self) -> str:
        return str(self._read.get("form_token") or self.initial["form_token"])

    @property
    def picture_errors(self) -> list[str]:
        return [str(error) for error in self.errors.get("images", ())]

    @property
    def wrong(self) -> list[forms.BoundField]:
        """The fields to put right, in the order of the page."""
        return [field for field in self if field.errors]


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
    token = secrets.token_urlsafe(18)
    return {
        "images": forms.CharField(label=str(LABELS["images"]), required=False),
        "prompt": forms.CharField(label=_("Brief"), required=False, widget=prompt),
        "duration": whole("duration", _("Duration"), low, high, initial=offer.duration),
        "aspect_ratio": pills("aspect_ratio", _("Ratio"), offer.aspect_ratios, offer.aspect_ratio),
        "language": voice,
        "credential": pills("credential", _("Provider"), keys, credential.pk),
        "form_token": forms.CharField(
            max_length=32, required=False, initial=token, widget=forms.HiddenInput
        ),
    }
