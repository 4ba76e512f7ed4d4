"""The inputs that an order form is made of, and the words of its fields and choices."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from generations.providers.catalogue import Problem
from generations.web.messages.problems import sentence

type Words = str | Promise

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


def whole(
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


def pills(
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


def switch(name: str, label: Words, *, initial: bool) -> forms.Field:
    on = _("Music") if name == "bgm" else _("On")
    return Switch(
        label=str(label),
        choices=[("False", _("Off")), ("True", on)],
        coerce=lambda word: word == "True",
        initial=initial,
        required=False,
        widget=forms.RadioSelect,
    )
