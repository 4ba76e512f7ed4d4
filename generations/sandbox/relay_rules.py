"""What the relay's text2video takes and what it costs (4.2).

The page declares `seed`, `bgm`, `watermark` and `wm_position` as strings, though its own reply and
the service behind it have numbers and booleans; both spellings are taken, and no other. Credits are
those of the service behind it (2.11).
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from generations.sandbox.fields import (
    Order,
    Rule,
    Wrong,
    address,
    check,
    either,
    flag,
    json_text,
    one_of,
    text,
    whole,
)

MOST_PROMPT = 2000
MOST_PAYLOAD = 1_048_576
MOST_SEED = 2_147_483_647
USUAL_RATIOS = frozenset({"16:9", "9:16", "1:1"})


@dataclass(frozen=True, slots=True)
class Model:
    """`first` and `further` are credits per second, by resolution."""

    durations: range
    first: Mapping[str, int]
    further: Mapping[str, int]
    default_resolution: str = "720p"
    ratios: frozenset[str] = USUAL_RATIOS


def _credits(low: int, middle: int, high: int) -> dict[str, int]:
    return {"540p": low, "720p": middle, "1080p": high}


MODELS = {
    "viduq3-turbo": Model(range(1, 17), _credits(8, 12, 14), _credits(8, 12, 14)),
    "viduq3-pro": Model(range(1, 17), _credits(10, 25, 30), _credits(10, 25, 30)),
    "viduq2": Model(
        range(1, 11),
        _credits(10, 15, 20),
        _credits(2, 5, 10),
        ratios=USUAL_RATIOS | {"3:4", "4:3"},
    ),
    "viduq1": Model(range(5, 6), {"1080p": 80}, {"1080p": 0}, "1080p"),
}


def _digits(most: int) -> Rule:
    def is_within(value: Any) -> bool:
        plain = isinstance(value, str) and value.isascii() and value.isdecimal()
        return plain and len(value) < 12 and int(value) <= most

    return is_within


SWITCH = either(flag, one_of("true", "false"))
FIELDS: dict[str, Rule] = {
    "model": one_of(*MODELS),
    "prompt": text(MOST_PROMPT, least=1),
    "style": one_of("general", "anime"),
    "duration": whole(range(1, 17)),
    "seed": either(whole(range(MOST_SEED + 1)), _digits(MOST_SEED)),
    "aspect_ratio": one_of("16:9", "9:16", "3:4", "4:3", "1:1"),
    "resolution": one_of("540p", "720p", "1080p"),
    "movement_amplitude": one_of("auto", "small", "medium", "large"),
    "bgm": SWITCH,
    "payload": text(MOST_PAYLOAD),
    "watermark": SWITCH,
    "wm_position": either(whole(range(1, 5)), one_of("1", "2", "3", "4")),
    "wm_url": either(address, one_of("")),
    "meta_data": json_text,
    "callback_url": either(address, one_of("")),
}


def with_defaults(order: Order, salt: str) -> Order:
    """The judged order, its values in the types of the reply; Wrong when a rule is broken."""
    check(order, FIELDS, ("model", "prompt"))
    model = MODELS[order["model"]]
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
    whole_order = defaults | order
    _check_model(whole_order, model)
    read = {name: _as_switch(whole_order[name]) for name in ("bgm", "watermark")}
    seed = int(whole_order["seed"]) or zlib.crc32(salt.encode()) % MOST_SEED + 1
    return whole_order | read | {"seed": seed, "wm_position": int(whole_order["wm_position"])}


def price(order: Order) -> int:
    """Credits of the service behind the relay."""
    model = MODELS[order["model"]]
    resolution = order["resolution"]
    return model.first[resolution] + model.further[resolution] * (int(order["duration"]) - 1)


def _check_model(order: Order, model: Model) -> None:
    wrong = {
        "duration": order["duration"] not in model.durations,
        "resolution": order["resolution"] not in model.first,
        "aspect_ratio": order["aspect_ratio"] not in model.ratios,
    }
    for name, is_wrong in wrong.items():
        if is_wrong:
            raise Wrong("invalid", name)


def _as_switch(value: bool | str) -> bool:
    return value in (True, "true")
