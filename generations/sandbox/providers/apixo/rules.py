"""What APIXO's create accepts and refuses, and what an order costs (docs/wire.md, 5.2 and 5.6).

The page has no prices; these are the sandbox's own.
"""

import zlib
from typing import Any

from generations.sandbox.fields import (
    FieldError,
    Order,
    Rule,
    check,
    integer,
    is_boolean,
    is_object,
    is_url,
    one_of,
    text,
)

TEXT_MODES = ("text-to-video", "turbo-text-to-video")
IMAGE_MODES = ("image-to-video", "turbo-image-to-video")
MAX_SEED = 2_147_483_647
# Thousandths of a dollar for each second, by resolution.
USUAL_PRICES = {"540p": 50, "720p": 125, "1080p": 150}
TURBO_PRICES = {"540p": 40, "720p": 60, "1080p": 70}


def _one_or_two_addresses(value: Any) -> bool:
    return isinstance(value, list) and 1 <= len(value) <= 2 and all(map(is_url, value))


# The members of https://apixo.ai/docs/models/video/vidu-q3 (5.2).
OUTER_FIELDS: dict[str, Rule] = {
    "request_type": one_of("async", "callback"),
    "callback_url": is_url,
    "provider": text(100, least=1),
    "input": is_object,
}
INPUT_FIELDS: dict[str, Rule] = {
    "mode": one_of(*TEXT_MODES, *IMAGE_MODES),
    "prompt": text(5000, least=1),
    "resolution": one_of("540p", "720p", "1080p"),
    "duration": integer(range(1, 17)),
    "movement": one_of("auto", "small", "medium", "large"),
    "sound": is_boolean,
    "bgm": is_boolean,
    "seed": integer(range(-1, MAX_SEED + 1)),
}
TEXT_FIELDS: dict[str, Rule] = {
    "style": one_of("general", "anime"),
    "aspect_ratio": one_of("16:9", "9:16", "4:3", "3:4", "1:1"),
}
IMAGE_FIELDS: dict[str, Rule] = {"image_urls": _one_or_two_addresses}
REQUIRED_INPUT = ("mode", "prompt", "resolution", "duration")


def checked_order(body: Order, task_id: str) -> Order:
    """The order, flat and with its defaults; FieldError if a rule is broken."""
    has_callback = body.get("request_type") == "callback"
    check(body, OUTER_FIELDS, ("input", "callback_url") if has_callback else ("input",))
    given: Order = body["input"]
    _check_input(given)
    seed = given.get("seed", -1)
    return (
        _defaults(given)
        | given
        | {
            "seed": zlib.crc32(task_id.encode()) % MAX_SEED + 1 if seed == -1 else seed,
            "model": "vidu-q3-turbo" if _is_turbo(given) else "vidu-q3",
            "callback_url": body["callback_url"] if has_callback else "",
            "provider": body.get("provider", "auto"),
        }
    )


def price(order: Order) -> int:
    """Thousandths of a dollar."""
    prices = TURBO_PRICES if _is_turbo(order) else USUAL_PRICES
    return prices[order["resolution"]] * int(order["duration"])


def _is_turbo(order: Order) -> bool:
    return bool(order["mode"].startswith("turbo-"))


def _check_input(given: Order) -> None:
    has_images = given.get("mode") in IMAGE_MODES
    rules = INPUT_FIELDS | (IMAGE_FIELDS if has_images else TEXT_FIELDS)
    required = (*REQUIRED_INPUT, "image_urls") if has_images else REQUIRED_INPUT
    try:
        check(given, rules, required)
    except FieldError as error:
        raise FieldError(error.problem, f"input.{error.name}") from error


def _defaults(given: Order) -> Order:
    # An order with images has no aspect ratio: its clip has that of the first image.
    ratio = "" if given["mode"] in IMAGE_MODES else "16:9"
    return {"aspect_ratio": ratio, "movement": "auto", "sound": True, "bgm": True}
