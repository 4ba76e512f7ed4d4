"""What Vidu's four endpoints for clips accept and refuse, and what an order costs.

The fields are those of docs/wire.md, 2.3. Where its sources differ: prompts may have 5,000
characters (the current page), 3:4 and 4:3 are for q2 and q3, `audio` is refused for text and for
start and end frames outside q3, and off-peak with sound is for q3 only, with references for viduq3
only. Reference videos are not accepted.
"""

import zlib
from typing import Any

from generations.sandbox import fields
from generations.sandbox.clips.spec import AUTOMATIC_SECONDS
from generations.sandbox.fields import FieldError, Order, Rule, integer, is_boolean, one_of, text
from generations.sandbox.http import ApiError

from .errors import FIELD_REASONS
from .models import MODELS, REFERENCE, START, START_END, TEXT, Variant, ViduModel, credits_for

MAX_PROMPT = 5000
MAX_PAYLOAD = 1_048_576
MAX_SEED = 2_147_483_647
REC_CREDITS = 10


def any_value(_: Any) -> bool:
    """The rule of a field that is checked elsewhere."""
    return True


OPTIONAL_ADDRESS = fields.either(one_of(""), fields.is_url)
# The members of an order: docs/wire.md, 2.3.
COMMON_FIELDS: dict[str, Rule] = {
    "prompt": text(MAX_PROMPT),
    "duration": integer(range(17)),
    "resolution": text(10),
    "seed": integer(range(MAX_SEED + 1)),
    "movement_amplitude": one_of("auto", "small", "medium", "large"),
    "bgm": is_boolean,
    "audio": is_boolean,
    "audio_type": one_of("all", "speech_only", "sound_effect_only"),
    "voice_id": text(200),
    "off_peak": is_boolean,
    "watermark": is_boolean,
    "wm_position": integer(range(1, 5)),
    "wm_url": OPTIONAL_ADDRESS,
    "meta_data": fields.is_json_text,
    "payload": text(MAX_PAYLOAD),
    "callback_url": OPTIONAL_ADDRESS,
}
ENDPOINT_FIELDS: dict[str, dict[str, Rule]] = {
    TEXT: {"style": one_of("general", "anime"), "aspect_ratio": text(5)},
    START: {"images": any_value, "is_rec": is_boolean},
    START_END: {"images": any_value, "is_rec": is_boolean},
    REFERENCE: {"images": any_value, "subjects": any_value, "aspect_ratio": text(5)},
}
REQUIRED_FIELDS = {
    TEXT: ("model", "prompt"),
    START: ("model", "images"),
    START_END: ("model", "images"),
    REFERENCE: ("model", "prompt"),
}


def read_order(kind: str, body: bytes, task_id: str) -> Order:
    """The order with its defaults, but without its pictures; ApiError when a field is wrong."""
    model_names = {"model": one_of(*MODELS[kind])}
    allowed = ENDPOINT_FIELDS[kind] | COMMON_FIELDS | model_names
    order = read_checked(body, allowed, REQUIRED_FIELDS[kind])
    model = MODELS[kind][order["model"]]
    variant = _variant(model, order)
    complete = _defaults(kind, model, variant) | order
    complete["seed"] = order.get("seed") or zlib.crc32(task_id.encode()) % MAX_SEED + 1
    _check_model(model, variant, complete)
    return complete


def price(kind: str, order: Order) -> int:
    """Credits; off-peak costs half, rounded up."""
    seconds = order["duration"] or AUTOMATIC_SECONDS
    variant = _variant(MODELS[kind][order["model"]], order)
    full_price = credits_for(variant.tariffs[order["resolution"]], seconds)
    full_price += REC_CREDITS if order["is_rec"] else 0
    return -(-full_price // 2) if order["off_peak"] else full_price


def read_checked(body: bytes, rules: dict[str, Rule], required: tuple[str, ...]) -> Order:
    """The JSON object of a request; ApiError when it breaks one of these rules."""
    order = read_object(body)
    try:
        fields.check(order, rules, required)
    except FieldError as error:
        raise _api_error(error) from error
    return order


def read_object(body: bytes) -> Order:
    """The JSON object of a request; ApiError when it is none."""
    try:
        return fields.read_object(body)
    except FieldError as error:
        raise _api_error(error) from error


def check_task_id(task_id: str) -> None:
    """Refuse an id that is no number. Vidu does this before it checks the key (2.7)."""
    if not task_id.isdecimal():
        raise ApiError(400, "CODEC", f'parsing field "id": strconv.ParseInt: parsing "{task_id}"')


def _api_error(error: FieldError) -> ApiError:
    return ApiError(400, FIELD_REASONS[error.problem], str(error))


def _variant(model: ViduModel, order: Order) -> Variant:
    variant = model.variant(order.get("duration", model.default_duration))
    if variant is None:
        raise ApiError(400, "FieldInvalid", f"duration is invalid for {order['model']}")
    return variant


def _check_model(model: ViduModel, variant: Variant, order: Order) -> None:
    wrong = {
        "resolution": order["resolution"] not in variant.tariffs,
        "aspect_ratio": order["aspect_ratio"] not in model.ratios | {""},
        "audio": order["audio"] and model.refuses_audio,
        "off_peak": order["off_peak"] and order["audio"] and not model.off_peak_audio,
    }
    for name, is_wrong in wrong.items():
        if is_wrong:
            raise ApiError(400, "FieldInvalid", f"{name} is invalid for {order['model']}")


def _defaults(kind: str, model: ViduModel, variant: Variant) -> Order:
    return {
        "prompt": "",
        "duration": model.default_duration,
        "resolution": variant.default_resolution,
        "aspect_ratio": "16:9" if "aspect_ratio" in ENDPOINT_FIELDS[kind] else "",
        "style": "general" if "style" in ENDPOINT_FIELDS[kind] else "",
        "movement_amplitude": "auto",
        "bgm": False,
        "audio": model.default_audio,
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
