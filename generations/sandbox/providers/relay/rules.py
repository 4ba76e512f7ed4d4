"""What the relay's create accepts and refuses, and what an order costs (docs/wire.md, 4.2).

The page declares most members as strings; both a string and the value that it spells are accepted.
The credits are Vidu's (2.11), because the reply has what the service behind the relay counts.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from generations.sandbox.fields import (
    FieldError,
    Order,
    Rule,
    check,
    either,
    integer,
    is_boolean,
    is_json_text,
    is_url,
    one_of,
    text,
)

MAX_PROMPT = 2000
MAX_PAYLOAD = 1_048_576
MAX_SEED = 2_147_483_647
USUAL_RATIOS = frozenset({"16:9", "9:16", "1:1"})


@dataclass(frozen=True, slots=True)
class RelayModel:
    """`first` and `further` are credits of the first and of each further second, by resolution."""

    durations: range
    first: Mapping[str, int]
    further: Mapping[str, int]
    default_resolution: str = "720p"
    ratios: frozenset[str] = USUAL_RATIOS


def _credits(low: int, middle: int, high: int) -> dict[str, int]:
    return {"540p": low, "720p": middle, "1080p": high}


# https://doc.aimanyi.top/api-407353658.html; docs/wire.md, 4.2 and 2.11.
MODELS = {
    "viduq3-turbo": RelayModel(range(1, 17), _credits(8, 12, 14), _credits(8, 12, 14)),
    "viduq3-pro": RelayModel(range(1, 17), _credits(10, 25, 30), _credits(10, 25, 30)),
    "viduq2": RelayModel(
        range(1, 11),
        _credits(10, 15, 20),
        _credits(2, 5, 10),
        ratios=USUAL_RATIOS | {"3:4", "4:3"},
    ),
    "viduq1": RelayModel(range(5, 6), {"1080p": 80}, {"1080p": 0}, "1080p"),
}


def _digits(highest: int) -> Rule:
    def is_within(value: Any) -> bool:
        is_decimal = isinstance(value, str) and value.isascii() and value.isdecimal()
        return is_decimal and len(value) < 12 and int(value) <= highest

    return is_within


SWITCH = either(is_boolean, one_of("true", "false"))
ORDER_FIELDS: dict[str, Rule] = {
    "model": one_of(*MODELS),
    "prompt": text(MAX_PROMPT, least=1),
    "style": one_of("general", "anime"),
    "duration": integer(range(1, 17)),
    "seed": either(integer(range(MAX_SEED + 1)), _digits(MAX_SEED)),
    "aspect_ratio": one_of("16:9", "9:16", "3:4", "4:3", "1:1"),
    "resolution": one_of("540p", "720p", "1080p"),
    "movement_amplitude": one_of("auto", "small", "medium", "large"),
    "bgm": SWITCH,
    "payload": text(MAX_PAYLOAD),
    "watermark": SWITCH,
    "wm_position": either(integer(range(1, 5)), one_of("1", "2", "3", "4")),
    "wm_url": either(is_url, one_of("")),
    "meta_data": is_json_text,
    "callback_url": either(is_url, one_of("")),
}


def checked_order(body: Order, task_id: str) -> Order:
    """The order with its defaults, in the types of the reply; FieldError if a rule is broken."""
    check(body, ORDER_FIELDS, ("model", "prompt"))
    model = MODELS[body["model"]]
    defaults: Order = {
        "style": "general",
        "duration": 5,
        "seed": 0,
        "aspect_ratio": "16:9",
        "resolution": model.default_resolution,
        "movement_amplitude": "auto",
        "bgm": False,
        "payload": "",
        "watermark": False,
        "wm_position": 3,
        "wm_url": "",
        "meta_data": "",
        "callback_url": "",
    }
    order = defaults | body
    _check_model(order, model)
    return order | {
        "bgm": order["bgm"] in (True, "true"),
        "watermark": order["watermark"] in (True, "true"),
        "seed": int(order["seed"]) or zlib.crc32(task_id.encode()) % MAX_SEED + 1,
        "wm_position": int(order["wm_position"]),
    }


def price(order: Order) -> int:
    """Credits of the service behind the relay."""
    model = MODELS[order["model"]]
    resolution = order["resolution"]
    return model.first[resolution] + model.further[resolution] * (int(order["duration"]) - 1)


def _check_model(order: Order, model: RelayModel) -> None:
    wrong = {
        "duration": order["duration"] not in model.durations,
        "resolution": order["resolution"] not in model.first,
        "aspect_ratio": order["aspect_ratio"] not in model.ratios,
    }
    for name, is_wrong in wrong.items():
        if is_wrong:
            raise FieldError("invalid", name)
