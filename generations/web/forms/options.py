"""The optional fields of an order form: those that have an effect on the model, and no others."""

from collections.abc import Mapping

from django import forms

from generations.providers.catalogue import Offer, Option
from generations.providers.contract import Order

from .inputs import HELP, LABELS, pills, switch, whole

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
