"""An order in the words of an account's template (contract 3.2)."""

import re
from collections.abc import Mapping

from generations.providers.catalogue import Offer
from generations.providers.contract import Order, Unauthorised
from generations.providers.members import read_object

PLACE = re.compile(r"\{([a-z_]+)\}")


def order_body(template: str, order: Order, offer: Offer) -> dict[str, object]:
    """The template with the order's values; what the order does not say is left out of it."""
    form = read_object(template.encode())
    if form is None:
        raise Unauthorised("setting_invalid", "The account's body is no JSON object.")
    return fill_object(form, said_by(order, offer))


def said_by(order: Order, offer: Offer) -> Mapping[str, object]:
    """What each place of a template stands for; the model has the kind in its name (3.2)."""
    heeded = {name: value for name, value in order.options.items() if offer.heeds(name, order)}
    said = heeded | {
        "model": f"{order.model}_{order.kind}",
        "prompt": order.prompt,
        "duration": order.duration,
        "resolution": order.resolution,
        "aspect_ratio": order.aspect_ratio,
        "seed": order.seed,
        "callback_url": order.callback_url,
    }
    return {name: value for name, value in said.items() if value not in (None, "")}


def fill_object(form: Mapping[str, object], said: Mapping[str, object]) -> dict[str, object]:
    return {name: fill(value, said) for name, value in form.items() if is_sent(value, said)}


def fill(value: object, said: Mapping[str, object]) -> object:
    """A value of the template: a place becomes what stands for it, with its own type."""
    if isinstance(value, dict):
        return fill_object(value, said)
    if isinstance(value, list):
        return [fill(each, said) for each in value if is_sent(each, said)]
    return said.get(place_of(value), value)


def is_sent(value: object, said: Mapping[str, object]) -> bool:
    return place_of(value) in {"", *said}


def place_of(value: object) -> str:
    """``prompt`` for ``{prompt}``; "" for what is sent as it stands."""
    match = PLACE.fullmatch(value) if isinstance(value, str) else None
    return match[1] if match else ""
