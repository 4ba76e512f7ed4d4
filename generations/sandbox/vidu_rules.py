"""What Vidu's text2video takes, what it refuses, and what it costs.

Where the sources differ: prompts may have 5,000 characters (the current page), 3:4 and 4:3 are for
q2 and q3, `audio` is refused outside q3, and viduq3-pro costs 10, 25 and 30 credits a second (the
prices seen on the wire, not the list of early 2026).
"""

import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from generations.sandbox.wire import Refusal

Order = dict[str, Any]
Q2_Q3_RATIOS = frozenset({"16:9", "9:16", "1:1", "3:4", "4:3"})
MOST_PROMPT = 5000
MOST_PAYLOAD = 1_048_576
MOST_SEED = 2_147_483_647


@dataclass(frozen=True, slots=True)
class Model:
    """`first` and `further` are credits per second, by resolution."""

    durations: range
    first: Mapping[str, int]
    further: Mapping[str, int]
    default_resolution: str = "720p"
    ratios: frozenset[str] = Q2_Q3_RATIOS
    speaks: bool = False


def _per_second(low: int, middle: int, high: int) -> dict[str, int]:
    return {"540p": low, "720p": middle, "1080p": high}


MODELS = {
    "viduq3-pro": Model(
        range(1, 17), _per_second(10, 25, 30), _per_second(10, 25, 30), speaks=True
    ),
    "viduq3-turbo": Model(
        range(1, 17), _per_second(8, 12, 14), _per_second(8, 12, 14), speaks=True
    ),
    "viduq2": Model(range(1, 11), _per_second(10, 15, 20), _per_second(2, 5, 10)),
    "viduq1": Model(
        range(5, 6),
        {"1080p": 80},
        {"1080p": 0},
        "1080p",
        frozenset({"16:9", "9:16", "1:1"}),
    ),
}


def _one_of(*values: str) -> Callable[[Any], bool]:
    return lambda value: value in values


def _at_most(length: int) -> Callable[[Any], bool]:
    return lambda value: len(value) <= length


def _is_json(value: str) -> bool:
    try:
        json.loads(value)
    except ValueError:
        return value == ""
    return True


def _is_address(value: str) -> bool:
    parts = urlsplit(value)
    return value == "" or (parts.scheme in ("http", "https") and bool(parts.netloc))


def _anything(_: Any) -> bool:
    return True


# The fields of https://platform.vidu.cn/docs/text-to-video, each with its type and its rule.
FIELDS: dict[str, tuple[type, Callable[[Any], bool]]] = {
    "model": (str, MODELS.__contains__),
    "prompt": (str, _at_most(MOST_PROMPT)),
    "duration": (int, _anything),
    "resolution": (str, _anything),
    "seed": (int, range(MOST_SEED + 1).__contains__),
    "aspect_ratio": (str, _anything),
    "style": (str, _one_of("general", "anime")),
    "movement_amplitude": (str, _one_of("auto", "small", "medium", "large")),
    "bgm": (bool, _anything),
    "audio": (bool, _anything),
    "audio_type": (str, _one_of("all", "speech_only", "sound_effect_only")),
    "voice_id": (str, _anything),
    "off_peak": (bool, _anything),
    "watermark": (bool, _anything),
    "wm_position": (int, range(1, 5).__contains__),
    "wm_url": (str, _is_address),
    "meta_data": (str, _is_json),
    "payload": (str, _at_most(MOST_PAYLOAD)),
    "callback_url": (str, _is_address),
}


def read_order(body: bytes, salt: str) -> Order:
    """The order with its defaults; Refusal when a field is lacking, unwanted or invalid."""
    order = read_object(body)
    for name in ("model", "prompt"):
        if order.get(name) in (None, ""):
            raise Refusal(400, "FieldLacking", f"{name} is required")
    for name, value in order.items():
        _check(name, value)
    _check_model(order)
    return _with_defaults(order, salt)


def price(order: Order) -> int:
    """Credits; off-peak costs half, rounded up."""
    model = MODELS[order["model"]]
    resolution = order["resolution"]
    whole: int = model.first[resolution] + model.further[resolution] * (order["duration"] - 1)
    return -(-whole // 2) if order["off_peak"] else whole


def read_object(body: bytes) -> Order:
    """The JSON object of a request; Refusal when it is none."""
    try:
        order = json.loads(body)
    except ValueError as error:
        raise Refusal(400, "BadRequest", f"the body is not JSON: {error}") from error
    if not isinstance(order, dict):
        raise Refusal(400, "BadRequest", "the body is not an object")
    return order


def _check(name: str, value: Any) -> None:
    if name not in FIELDS:
        raise Refusal(400, "FieldUnwanted", f"{name} is not a field of this endpoint")
    expected, rule = FIELDS[name]
    # bool is a kind of int in Python, and is none in JSON.
    if type(value) is not expected or not rule(value):
        raise Refusal(400, "FieldInvalid", f"{name} is invalid")


def _check_model(order: Order) -> None:
    model = MODELS[order["model"]]
    wrong = {
        "duration": order.get("duration", 5) not in model.durations,
        "resolution": order.get("resolution", model.default_resolution) not in model.first,
        "aspect_ratio": order.get("aspect_ratio", "16:9") not in model.ratios,
        "audio": order.get("audio", False) and not model.speaks,
    }
    for name, is_wrong in wrong.items():
        if is_wrong:
            raise Refusal(400, "FieldInvalid", f"{name} is invalid for {order['model']}")


def _with_defaults(order: Order, salt: str) -> Order:
    model = MODELS[order["model"]]
    defaults = {
        "duration": 5,
        "resolution": model.default_resolution,
        "aspect_ratio": "16:9",
        "style": "general",
        "movement_amplitude": "auto",
        "bgm": False,
        "audio": model.speaks,
        "audio_type": "all",
        "voice_id": "",
        "off_peak": False,
        "watermark": False,
        "wm_url": "",
        "meta_data": "",
        "payload": "",
        "callback_url": "",
    }
    chosen = {"seed": order.get("seed") or zlib.crc32(salt.encode()) % MOST_SEED + 1}
    return defaults | order | chosen
