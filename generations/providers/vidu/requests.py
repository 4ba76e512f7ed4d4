"""An order in Vidu's words (contract 2.3 and 2.4), which the relay speaks too."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from generations.providers.catalogue import Offer
from generations.providers.contract import Order

# 2.3 and 2.4: the members that each endpoint declares, in this order; another is FieldUnwanted.
MARK = ("watermark", "wm_position", "wm_url", "meta_data")
ENVELOPE = ("payload", "callback_url")
FIELDS: Mapping[str, Sequence[str]] = {
    "text2video": (
        *("model", "prompt", "duration", "seed", "aspect_ratio", "resolution", "style"),
        *("movement_amplitude", "bgm", "audio", "off_peak", *MARK, *ENVELOPE),
    ),
    "img2video": (
        *("model", "images", "prompt", "duration", "seed", "resolution", "movement_amplitude"),
        *("bgm", "audio", "audio_type", "voice_id", "is_rec", "off_peak", *MARK, *ENVELOPE),
    ),
    "start-end2video": (
        *("model", "images", "prompt", "duration", "seed", "resolution", "movement_amplitude"),
        *("bgm", "audio", "is_rec", "off_peak", *MARK, *ENVELOPE),
    ),
    "reference2video": (
        *("model", "images", "subjects", "prompt", "duration", "seed", "aspect_ratio"),
        *("resolution", "movement_amplitude", "bgm", "audio", "off_peak", *MARK, *ENVELOPE),
    ),
}

# What every model of an endpoint heeds; the catalogue tells which model heeds the rest.
HEEDED = frozenset({"model", "images", "subjects", "prompt", "duration", "resolution", *ENVELOPE})

# 2.3: the corners of a watermark.
CORNERS: Mapping[object, int] = MappingProxyType(
    {"top_left": 1, "top_right": 2, "bottom_right": 3, "bottom_left": 4}
)


def order_body(order: Order, fields: Sequence[str], offer: Offer | None) -> dict[str, object]:
    """The members of a create: what the endpoint declares, the order says and the model heeds.

    Of a model that the catalogue does not know (``offer`` None) it is not known what it heeds.
    """
    said = dict(order.options) | {
        "model": order.model,
        **order_pictures(order),
        "prompt": order.prompt,
        "duration": order.duration,
        "seed": order.seed,
        "aspect_ratio": order.aspect_ratio,
        "resolution": order.resolution,
        "payload": order.reference,
        "callback_url": order.callback_url,
    }
    said["wm_position"] = CORNERS.get(said.get("wm_position"))
    return {
        name: said[name]
        for name in fields
        if said.get(name) not in (None, "", [])
        and (name in HEEDED or offer is None or offer.heeds(name, order))
    }


def order_pictures(order: Order) -> dict[str, object]:
    """``images``, or ``subjects`` where the prompt calls them by name; never both (2.4)."""
    if not any(picture.name for picture in order.images):
        return {"images": [picture.address for picture in order.images]}
    # Section 7: newer models call a subject's key name, older ones id.
    key = "name" if order.model.startswith("viduq3") else "id"
    subjects: dict[str, list[str]] = {}
    for picture in order.images:
        subjects.setdefault(picture.name, []).append(picture.address)
    return {"subjects": [{key: name, "images": images} for name, images in subjects.items()]}
