"""An order in APIXO's words (contract 5.2)."""

from generations.providers.catalogue import Offer
from generations.providers.contract import Order, Refused
from generations.providers.members import read_address

# Seed 003: the number of pictures tells whether one is moved or two are joined.
MODES = {"text2video": "text", "img2video": "image", "start-end2video": "image"}

# Our names of APIXO's optional inputs.
OPTIONS = {"style": "style", "movement": "movement_amplitude", "sound": "audio", "bgm": "bgm"}


def order_body(order: Order, offer: Offer, channel: str) -> dict[str, object]:
    """The members of a create in the order of seed 003; ``channel`` is the account's."""
    body = {
        "request_type": "callback" if order.callback_url else "async",
        "callback_url": order.callback_url,
        "provider": route(order, channel),
        "input": order_input(order, offer),
    }
    return {name: value for name, value in body.items() if value != ""}


def route(order: Order, channel: str) -> str:
    """Which way APIXO takes; the account's channel stands in where the order leaves it open."""
    said = str(order.options.get("route", ""))
    return channel if channel and said in {"", "auto"} else said


def order_input(order: Order, offer: Offer) -> dict[str, object]:
    """What is made of what; the documents name no default for resolution and duration (5.2)."""
    heeded = {
        name: order.options.get(ours) if offer.heeds(ours, order) else None
        for name, ours in OPTIONS.items()
    }
    said = {
        "mode": mode(order),
        "prompt": order.prompt,
        "resolution": order.resolution or offer.resolution,
        "duration": offer.length(order),
        "style": heeded["style"],
        "aspect_ratio": order.aspect_ratio if offer.heeds("aspect_ratio", order) else None,
        "image_urls": [required_address(picture.address) for picture in order.images],
        "movement": heeded["movement"],
        "sound": heeded["sound"],
        "bgm": heeded["bgm"],
        "seed": order.seed,
    }
    return {name: value for name, value in said.items() if value not in (None, "", [])}


def mode(order: Order) -> str:
    turbo = "turbo-" if order.model.endswith("-turbo") else ""
    return f"{turbo}{MODES[order.kind]}-to-video"


def required_address(address: str) -> str:
    """Raises Refused for a picture that is no address: APIXO fetches pictures itself (5.2)."""
    if not read_address(address):
        raise Refused("address_required", "APIXO takes pictures by their address only.")
    return address
