"""The fields that every order has, built from what its model offers."""

import secrets
from collections.abc import Iterable, Mapping, Sequence

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from generations.lifecycle.order import MOST_AT_ONCE
from generations.models import Credential
from generations.providers.catalogue import Offer, Option, Problem, catalogue
from generations.providers.contract import Order
from generations.web.messages.problems import sentence

from .inputs import (
    HELP,
    LABELS,
    Words,
    pills,
    switch,
    whole,
)

KINDS = ("text2video", "img2video", "start-end2video", "reference2video")
TABS: Mapping[str, tuple[Words, str]] = {
    "text2video": (pgettext_lazy("kind", "Text"), "text-cursor-input"),
    "img2video": (pgettext_lazy("kind", "Picture"), "image"),
    "start-end2video": (pgettext_lazy("kind", "First and last"), "columns-2"),
    "reference2video": (pgettext_lazy("kind", "References"), "layers-2"),
}
COUNTS = (1, 2, 3, 4)


def shape_fields(
    credential: Credential, offer: Offer, duration: int, credentials: Sequence[Credential]
) -> dict[str, forms.Field]:
    """``credentials`` are those that make clips of this kind."""
    resolutions = offer.resolutions_at(duration)
    resolution = offer.resolution if offer.resolution in resolutions else resolutions[0]
    keys = [str(key.pk) for key in credentials]
    others = [key for key in with_model(credentials, offer) if key != credential]
    fields: dict[str, forms.Field] = {
        "kind": pills("kind", _("Kind"), KINDS, offer.kind),
        "prompt": _prompt(offer),
        "model": _models(credential, offer, credentials),
        "duration": _seconds(offer, duration),
        "aspect_ratio": pills("aspect_ratio", _("Ratio"), offer.aspect_ratios, offer.aspect_ratio),
        "resolution": pills("resolution", _("Resolution"), resolutions, resolution),
        "count": whole("count", _("Count"), 1, MOST_AT_ONCE, initial=1),
        "credential": pills("credential", _("Provider"), keys, credential.pk),
        "also": _also(others),
        "images": forms.CharField(label=str(LABELS["images"]), required=False),
        "shown_for": forms.CharField(required=False, widget=forms.HiddenInput),
        "form_token": _token(),
    }
    fields["count"].widget = forms.RadioSelect(choices=[(count, count) for count in COUNTS])
    if not offer.aspect_ratios:
        del fields["aspect_ratio"]
    if not offer.images[1]:
        del fields["images"]
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
    field = pills("model", _("Model"), own, offer.model, widget=forms.Select)
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
        return whole("duration", _("Duration"), low, high, initial=duration)
    seconds = [str(seconds) for seconds in offer.durations]
    field = pills("duration", _("Duration"), seconds, duration)
    field.choices = [(length, _("%(n)s s") % {"n": length}) for length in offer.durations]
    field.coerce, field.initial = int, duration
    return field


SOUND = ("bgm", "audio")


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
        field = whole(name, label, option.low, option.high, initial=option.default)
    elif option.type == "choice":
        field = pills(name, label, option.choices, option.default)
    elif option.type == "text":
        field = forms.CharField(label=str(label), max_length=option.limit, required=False)
    elif name in SOUND or option.default:
        field = switch(name, label, initial=bool(option.default))
    else:
        tick = forms.CheckboxInput(attrs={"class": "switch"})
        field = forms.BooleanField(label=str(label), initial=False, required=False, widget=tick)
    field.help_text = str(HELP.get(name, ""))
    return field
