"""What Vidu's four endpoints for clips take, what they refuse, and what they cost.

Where the sources differ: prompts may have 5,000 characters (the current page), 3:4 and 4:3 are for
q2 and q3, `audio` is refused for text and for start and end frames outside q3, and off-peak with
sound is for q3 only, with references for viduq3 only. Reference videos are not taken.
"""

import zlib
from typing import Any

from generations.sandbox import fields, vidu_pictures
from generations.sandbox.fields import Order, Rule, Wrong, flag, one_of, text, whole
from generations.sandbox.sheet import AUTOMATIC_SECONDS
from generations.sandbox.vidu_models import (
    MODELS,
    REFERENCE,
    START,
    START_END,
    TEXT,
    Model,
    Offer,
    credits_for,
)
from generations.sandbox.wire import Refusal

MOST_PROMPT = 5000
MOST_PAYLOAD = 1_048_576
MOST_SEED = 2_147_483_647
REC_CREDITS = 10
REASONS = {
    "unreadable": "BadRequest",
    "lacking": "FieldLacking",
    "unwanted": "FieldUnwanted",
    "invalid": "FieldInvalid",
}


def anything(_: Any) -> bool:
    return True


ADDRESS = fields.either(one_of(""), fields.address)
COMMON: dict[str, Rule] = {
    "prompt": text(MOST_PROMPT),
    "duration": whole(range(17)),
    "resolution": text(10),
    "seed": whole(range(MOST_SEED + 1)),
    "movement_amplitude": one_of("auto", "small", "medium", "large"),
    "bgm": flag,
    "audio": flag,
    "audio_type": one_of("all", "speech_only", "sound_effect_only"),
    "voice_id": text(200),
    "off_peak": flag,
    "watermark": flag,
    "wm_position": whole(range(1, 5)),
    "wm_url": ADDRESS,
    "meta_data": fields.json_text,
    "payload": text(MOST_PAYLOAD),
    "callback_url": ADDRESS,
}
OWN: dict[str, dict[str, Rule]] = {
    TEXT: {"style": one_of("general", "anime"), "aspect_ratio": text(5)},
    START: {"images": anything, "is_rec": flag},
    START_END: {"images": anything, "is_rec": flag},
    REFERENCE: {"images": anything, "subjects": anything, "aspect_ratio": text(5)},
}
REQUIRED = {
    TEXT: ("model", "prompt"),
    START: ("model", "images"),
    START_END: ("model", "images"),
    REFERENCE: ("model", "prompt"),
}


def read_order(kind: str, body: bytes, salt: str) -> Order:
    """The order with its defaults and pictures; Refusal when anything in it is wrong."""
    order = read_checked(
        body, OWN[kind] | COMMON | {"model": one_of(*MODELS[kind])}, REQUIRED[kind]
    )
    model = MODELS[kind][order["model"]]
    complete = _defaults(kind, model, _offer(model, order)) | order
    complete["seed"] = order.get("seed") or zlib.crc32(salt.encode()) % MOST_SEED + 1
    _check_model(model, _offer(model, order), complete)
    return complete | vidu_pictures.read(kind, model, order)


def read_checked(body: bytes, rules: dict[str, Rule], required: tuple[str, ...]) -> Order:
    """The JSON object of a request that keeps these rules, or Refusal."""
    order = read_object(body)
    try:
        fields.check(order, rules, required)
    except Wrong as wrong:
        raise _refusal(wrong) from wrong
    return order


def read_object(body: bytes) -> Order:
    """The JSON object of a request; Refusal when it is none."""
    try:
        return fields.read_object(body)
    except Wrong as wrong:
        raise _refusal(wrong) from wrong


def price(kind: str, order: Order) -> int:
    """Credits; off-peak costs half, rounded up."""
    seconds = order["duration"] or AUTOMATIC_SECONDS
    offer = _offer(MODELS[kind][order["model"]], order)
    whole_price = credits_for(offer.tariffs[order["resolution"]], seconds)
    whole_price += REC_CREDITS if order["is_rec"] else 0
    return -(-whole_price // 2) if order["off_peak"] else whole_price


def _refusal(wrong: Wrong) -> Refusal:
    return Refusal(400, REASONS[wrong.how], str(wrong))


def _offer(model: Model, order: Order) -> Offer:
    offer = model.offer(order.get("duration", model.default_duration))
    if offer is None:
        raise Refusal(400, "FieldInvalid", f"duration is invalid for {order['model']}")
    return offer


def _check_model(model: Model, offer: Offer, order: Order) -> None:
    wrong = {
        "resolution": order["resolution"] not in offer.tariffs,
        "aspect_ratio": order["aspect_ratio"] not in model.ratios | {""},
        "audio": order["audio"] and model.mute,
        "off_peak": order["off_peak"] and order["audio"] and not model.off_peak_audio,
    }
    for name, is_wrong in wrong.items():
        if is_wrong:
            raise Refusal(400, "FieldInvalid", f"{name} is invalid for {order['model']}")


def _defaults(kind: str, model: Model, offer: Offer) -> Order:
    return {
        "prompt": "",
        "duration": model.default_duration,
        "resolution": offer.default_resolution,
        "aspect_ratio": "16:9" if "aspect_ratio" in OWN[kind] else "",
        "style": "general" if "style" in OWN[kind] else "",
        "movement_amplitude": "auto",
        "bgm": False,
        "audio": model.speaks,
        "audio_type": "all",
        "voice_id": "",
        "off_peak": False,
        "is_rec": False,
        "watermark": False,
        "wm_url": "",
        "meta_data": "",
        "payload": "",
        "callback_url": "",
    }
