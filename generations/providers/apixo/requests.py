"""What is sent to APIXO (docs/wire.md, 5.2).

https://apixo.ai/docs/models/video/vidu-q3
"""

from collections.abc import Mapping

from generations.providers.catalogue import Offer
from generations.providers.contract import Order, Refused, TaskKind
from generations.providers.wire.links import read_address

CREATE = "/api/v1/generateTask/vidu-q3"
QUERY = "/api/v1/statusTask/vidu-q3"
BALANCE = "/api/v1/apikeys/current-balance"

# One picture is the start frame, two are the first and the last frame.
MODES: Mapping[str, str] = {
    TaskKind.TEXT_TO_VIDEO: "text-to-video",
    TaskKind.IMAGE_TO_VIDEO: "image-to-video",
    TaskKind.FRAMES_TO_VIDEO: "image-to-video",
}


def order_body(order: Order, offer: Offer, channel: str) -> dict[str, object]:
    """The members of a create in the order of seed 003; ``channel`` is a setting of the account."""
    body = {
        "request_type": "callback" if order.callback_url else "async",
        "callback_url": order.callback_url,
        "provider": choose_route(order, channel),
        "input": order_input(order, offer),
    }
    return {name: value for name, value in body.items() if value != ""}


def choose_route(order: Order, channel: str) -> str:
    """The order's route; the account's channel where the order leaves it open."""
    route = str(order.options.get("route", ""))
    # The channel replaces auto too (5.2).
    return channel if channel and route in {"", "auto"} else route


def order_input(order: Order, offer: Offer) -> dict[str, object]:
    """What to make; resolution and duration are always sent, because they have no default."""
    values = {
        "mode": offer.wire.get("mode_prefix", "") + MODES[order.kind],
        "prompt": order.prompt,
        "resolution": order.resolution or offer.resolution,
        "duration": offer.length(order),
        "style": supported(order, offer, "style"),
        "aspect_ratio": order.aspect_ratio if offer.supports("aspect_ratio", order) else None,
        "image_urls": [required_address(picture.address) for picture in order.images],
        "movement": supported(order, offer, "movement_amplitude"),
        "sound": supported(order, offer, "audio"),
        "bgm": supported(order, offer, "bgm"),
        "seed": order.seed,
    }
    return {name: value for name, value in values.items() if value not in (None, "", [])}


def supported(order: Order, offer: Offer, option: str) -> object:
    """The order's value of an option, None where the model does not support it."""
    return order.options.get(option) if offer.supports(option, order) else None


def required_address(address: str) -> str:
    """The address itself. Raises Refused for a data URI: APIXO fetches all pictures (5.2)."""
    if not read_address(address):
        raise Refused("address_required", "APIXO takes pictures by their address only.")
    return address
