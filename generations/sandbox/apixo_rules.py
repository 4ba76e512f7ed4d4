"""What APIXO's vidu-q3 takes, and what it costs (5.2, 5.6).

`resolution` and `duration` are required. Style and aspect ratio are for the text modes only, image
addresses for the image modes only, and only http(s) ones. Prices are published nowhere; these are
Vidu's credits at half a cent, in thousandths of a dollar for each second:

| modes | 540p | 720p | 1080p |
|---|---|---|---|
| plain | 50 | 125 | 150 |
| turbo | 40 | 60 | 70 |
"""

import zlib
from typing import Any

from generations.sandbox.fields import (
    Order,
    Rule,
    Wrong,
    address,
    check,
    flag,
    is_object,
    one_of,
    text,
    whole,
)

TEXT_MODES = ("text-to-video", "turbo-text-to-video")
IMAGE_MODES = ("image-to-video", "turbo-image-to-video")
MOST_SEED = 2_147_483_647
PLAIN_PRICES = {"540p": 50, "720p": 125, "1080p": 150}
TURBO_PRICES = {"540p": 40, "720p": 60, "1080p": 70}


def _one_or_two(value: Any) -> bool:
    return isinstance(value, list) and 1 <= len(value) <= 2 and all(map(address, value))


OUTER: dict[str, Rule] = {
    "request_type": one_of("async", "callback"),
    "callback_url": address,
    "provider": text(100, least=1),
    "input": is_object,
}
EVERY_MODE: dict[str, Rule] = {
    "mode": one_of(*TEXT_MODES, *IMAGE_MODES),
    "prompt": text(5000, least=1),
    "resolution": one_of("540p", "720p", "1080p"),
    "duration": whole(range(1, 17)),
    "movement": one_of("auto", "small", "medium", "large"),
    "sound": flag,
    "bgm": flag,
    "seed": whole(range(-1, MOST_SEED + 1)),
}
TEXT_ONLY: dict[str, Rule] = {
    "style": one_of("general", "anime"),
    "aspect_ratio": one_of("16:9", "9:16", "4:3", "3:4", "1:1"),
}
IMAGE_ONLY: dict[str, Rule] = {"image_urls": _one_or_two}
REQUIRED = ("mode", "prompt", "resolution", "duration")


def read(body: Order, salt: str) -> Order:
    """The judged order with its defaults; Wrong when a rule is broken."""
    is_rung = body.get("request_type") == "callback"
    check(body, OUTER, ("input", "callback_url") if is_rung else ("input",))
    given: Order = body["input"]
    _check_input(given)
    seed = given.get("seed", -1)
    return (
        _defaults(given)
        | given
        | {
            "seed": zlib.crc32(salt.encode()) % MOST_SEED + 1 if seed == -1 else seed,
            "model": "vidu-q3-turbo" if given["mode"].startswith("turbo-") else "vidu-q3",
            "callback_url": body["callback_url"] if is_rung else "",
            "provider": body.get("provider", "auto"),
        }
    )


def price(order: Order) -> int:
    """Thousandths of a dollar."""
    prices = TURBO_PRICES if order["mode"].startswith("turbo-") else PLAIN_PRICES
    return prices[order["resolution"]] * int(order["duration"])


def _check_input(given: Order) -> None:
    shows_images = given.get("mode") in IMAGE_MODES
    rules = EVERY_MODE | (IMAGE_ONLY if shows_images else TEXT_ONLY)
    required = (*REQUIRED, "image_urls") if shows_images else REQUIRED
    try:
        check(given, rules, required)
    except Wrong as wrong:
        raise Wrong(wrong.how, f"input.{wrong.name}") from wrong


def _defaults(given: Order) -> Order:
    """Without an aspect ratio the clip has that of its first picture."""
    ratio = "" if given["mode"] in IMAGE_MODES else "16:9"
    return {"aspect_ratio": ratio, "movement": "auto", "sound": True, "bgm": True}
