"""The fields of an order form, built from what a model offers."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from generations.lifecycle.order import MOST_AT_ONCE
from generations.models import Credential
from generations.providers.catalogue import Offer, Option, Problem, catalogue
from generations.providers.contract import Order

from .problems import sentence

type Words = str | Promise

KINDS = ("text2video", "img2video", "start-end2video", "reference2video")
COUNTS = (1, 2, 3, 4)
SOUND = ("bgm", "audio")
LABELS: Mapping[str, Words] = {
    "seed": _("Seed"),
    "style": _("Style"),
    "movement_amplitude": _("Motion"),
    "bgm": _("Music"),
    "audio": _("Sound"),
    "audio_type": _("What is heard"),
    "is_rec": _("Prompt by the model"),
    "off_peak": _("Off-peak"),
    "watermark": _("Watermark"),
    "wm_position": _("Corner of the mark"),
    "wm_url": _("Picture of the mark"),
    "meta_data": _("Metadata"),
    "route": _("Route"),
    "images": _("Pictures"),
}
HELP: Mapping[str, Words] = {
    "seed": _("Empty means a new one each time."),
    "off_peak": _("half price, up to 48 h"),
    "wm_url": _("An address; empty means the provider’s own mark."),
    "meta_data": _("A JSON object that the file carries; empty means the provider’s own."),
}
WORDS: Mapping[str, Words] = {
    "auto": pgettext_lazy("motion", "Auto"),
    "small": pgettext_lazy("motion", "Small"),
    "medium": pgettext_lazy("motion", "Medium"),
    "large": pgettext_lazy("motion", "Large"),
    "general": pgettext_lazy("style", "General"),
    "anime": pgettext_lazy("style", "Anime"),
    "all": pgettext_lazy("sound", "All"),
    "speech_only": pgettext_lazy("sound", "Speech"),
    "sound_effect_only": pgettext_lazy("sound", "Effects"),
    "top_left": pgettext_lazy("corner", "Top left"),
    "top_right": pgettext_lazy("corner", "Top right"),
    "bottom_right": pgettext_lazy("corner", "Bottom right"),
    "bottom_left": pgettext_lazy("corner", "Bottom left"),
    "value": pgettext_lazy("route", "Cheapest"),
    "official": pgettext_lazy("route", "Official"),
}


class Switch(forms.TypedChoiceField):
    """Off or on as two pills; the model's own default where nothing is said."""

    WORDS = {"on": "True", "1": "True", "true": "True", "0": "False", "false": "False"}

    def to_python(self, value: Any) -> Any:
        return self.WORDS.get(str(value).lower(), super().to_python(value))


def shape_fields(
    credential: Credential, offer: Offer, duration: int, credentials: Sequence[Credential]
) -> dict[str, forms.Field]:
    """``credentials`` are those that make clips of this kind."""
    resolutions = offer.resolutions_at(duration)
    resolution = offer.resolution if offer.resolution in resolutions else resolutions[0]
    keys = [str(key.pk) for key in credentials]
    others = [key for key in with_model(credentials, offer) if key != credential]
    fields: dict[str, forms.Field] = {
        "kind": _pills("kind", _("Kind"), KINDS, offer.kind),
        "prompt": _prompt(offer),
        "model": _models(credential, offer, credentials),
        "duration": _seconds(offer, duration),
        "aspect_ratio": _pills("aspect_ratio", _("Ratio"), offer.aspect_ratios, offer.aspect_ratio),
        "resolution": _pills("resolution", _("Resolution"), resolutions, resolution),
        "count": _whole("count", _("Count"), 1, MOST_AT_ONCE, initial=1),
        "credential": _pills("credential", _("Provider"), keys, credential.pk),
        "also": _also(others),
        "shown_for": forms.CharField(required=False, widget=forms.HiddenInput),
        "form_token": _token(),
    }
    fields["count"].widget = forms.RadioSelect(choices=[(count, count) for count in COUNTS])
    if not offer.aspect_ratios:
        del fields["aspect_ratio"]
    return fields


def with_model(credentials: Iterable[Credential], offer: Offer) -> list[Credential]:
    """Those that have the same model at the same kind."""
    return [key for key in credentials if catalogue(key.kind).offer(offer.kind, offer.model)]


def _models(
    credential: Credential, offer: Offer, credentials: Sequence[Credential]
) -> forms.TypedChoiceField:
    """Every model that some key has; a refusal names those of the chosen key."""
    titles: dict[str, list[str]] = {}
    for book in map(catalogue, dict.fromkeys(key.kind for key in credentials)):
        for model in book.models(offer.kind):
            titles.setdefault(model, []).append(book.title)
    own = catalogue(credential.kind).models(offer.kind)
    field = _pills("model", _("Model"), own, offer.model, widget=forms.Select)
    several = len({key.kind for key in credentials}) > 1
    field.choices = [
        (model, f"{model} · {', '.join(names)}" if several else model)
        for model, names in titles.items()
    ]
    return field


def _also(others: Sequence[Credential]) -> forms.MultipleChoiceField:
    """Keys that the same order goes to as well, to compare."""
    said = sentence(Problem("credential", "choice"), LABELS)
    return forms.MultipleChoiceField(
        label=_("Compare"),
        choices=[(str(key.pk), key.name) for key in others],
        required=False,
        error_messages={"invalid_choice": said},
    )


def _prompt(offer: Offer) -> forms.Field:
    empty = sentence(Problem("prompt", "required"), LABELS)
    placeholder = _("What the clip shows, how the camera moves, what light there is.")
    return forms.CharField(
        label=_("Prompt"),
        required=offer.prompt_required,
        error_messages={"required": empty},
        widget=forms.Textarea(attrs={"rows": 4, "dir": "auto", "placeholder": placeholder}),
    )


def _token() -> forms.Field:
    return forms.CharField(
        max_length=32,
        required=False,
        initial=secrets.token_urlsafe(18),
        widget=forms.HiddenInput,
    )


def _seconds(offer: Offer, duration: int) -> forms.Field:
    """A stepper where the lengths have no gap, else pills."""
    low, high = min(offer.durations), max(offer.durations)
    if high - low + 1 == len(offer.durations) and low != high:
        return _whole("duration", _("Duration"), low, high, initial=duration)
    seconds = [str(seconds) for seconds in offer.durations]
    field = _pills("duration", _("Duration"), seconds, duration)
    field.choices = [(length, _("%(n)s s") % {"n": length}) for length in offer.durations]
    field.coerce, field.initial = int, duration
    return field


def _whole(
    name: str, label: Words, low: int | None, high: int | None, *, initial: object
) -> forms.Field:
    """A whole number whose every refusal is the catalogue's sentence about its range."""
    said = sentence(Problem(name, "range", {"low": low, "high": high}), LABELS)
    return forms.IntegerField(
        label=str(label),
        min_value=low,
        max_value=high,
        initial=initial,
        required=False,
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), said),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )


def _pills(
    name: str,
    label: Words,
    choices: Sequence[str],
    initial: object,
    *,
    widget: type[forms.RadioSelect | forms.Select] = forms.RadioSelect,
) -> forms.TypedChoiceField:
    """One of a few; the model's own default where nothing is said."""
    said = sentence(Problem(name, "choice", {"choices": tuple(choices)}), LABELS)
    return forms.TypedChoiceField(
        label=str(label),
        choices=[(choice, WORDS.get(choice, choice)) for choice in choices],
        initial=str(initial),
        required=False,
        error_messages={"invalid_choice": said},
        widget=widget,
    )


def option_fields(
    offer: Offer, duration: int, switches: Mapping[str, bool]
) -> dict[str, forms.Field]:
    """The options that have an effect at this length and beside these switches."""
    asked = Order(offer.kind, offer.model, "", duration=duration, options=switches)
    return {
        option.name: _option(option) for option in offer.options if offer.heeds(option.name, asked)
    }


def _option(option: Option) -> forms.Field:
    name, label = option.name, LABELS.get(option.name, option.name)
    if option.type == "number":
        field = _whole(name, label, option.low, option.high, initial=option.default)
    elif option.type == "choice":
        field = _pills(name, label, option.choices, option.default)
    elif option.type == "text":
        field = forms.CharField(label=str(label), max_length=option.limit, required=False)
    elif name in SOUND or option.default:
        field = _switch(name, label, initial=bool(option.default))
    else:
        tick = forms.CheckboxInput(attrs={"class": "switch"})
        field = forms.BooleanField(label=str(label), initial=False, required=False, widget=tick)
    field.help_text = str(HELP.get(name, ""))
    return field


def _switch(name: str, label: Words, *, initial: bool) -> forms.Field:
    on = _("Music") if name == "bgm" else _("On")
    return Switch(
        label=str(label),
        choices=[("False", _("Off")), ("True", on)],
        coerce=lambda word: word == "True",
        initial=initial,
        required=False,
        widget=forms.RadioSelect,
    )
