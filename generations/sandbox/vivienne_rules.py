"""What Vivienne's gateway takes, and what it costs.

Its page shows no request (3.2), so the body is the assumed one: flat, or with its fields in
`params` for a key that says so. A model is Vidu's name and kind in one word; a dash in it may be
written as an underscore. Limits are Vidu's own (2.3, 2.5).

No price is published. The example of ten points for viduq2 is taken for its five seconds at 720p,
and the others stand to it about as Vidu's credits do. Points for each second:

| model | 540p | 720p | 1080p |
|---|---|---|---|
| viduq3-pro | 4 | 8 | 10 |
| viduq3-turbo | 3 | 4 | 5 |
| viduq2 | 1 | 2 | 3 |
| viduq1 | - | - | 5 |
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

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

KIND = "_text2video"
MOST_PROMPT = 5000
MOST_SEED = 2_147_483_647
USUAL_RATIOS = frozenset({"16:9", "9:16", "1:1"})
ALL_RATIOS = USUAL_RATIOS | {"3:4", "4:3"}


@dataclass(frozen=True, slots=True)
class Model:
    """`points` are those of a second, by resolution."""

    durations: range
    points: Mapping[str, int]
    ratios: frozenset[str] = ALL_RATIOS
    default_resolution: str = "720p"


def _points(low: int, middle: int, high: int) -> dict[str, int]:
    return {"540p": low, "720p": middle, "1080p": high}


MODELS = {
    "viduq3_pro": Model(range(1, 17), _points(4, 8, 10)),
    "viduq3_turbo": Model(range(1, 17), _points(3, 4, 5)),
    "viduq2": Model(range(1, 11), _points(1, 2, 3)),
    "viduq1": Model(range(5, 6), {"1080p": 5}, USUAL_RATIOS, "1080p"),
}
INNER: dict[str, Rule] = {
    "prompt": text(MOST_PROMPT, least=1),
    "duration": whole(range(1, 17)),
    "resolution": one_of("540p", "720p", "1080p"),
    "aspect_ratio": one_of(*sorted(ALL_RATIOS)),
    "seed": whole(range(MOST_SEED + 1)),
    "bgm": flag,
}
OUTER: dict[str, Rule] = {
    "model": lambda value: isinstance(value, str) and _name(value) in MODELS,
    "callbackUrl": address,
}


def read(body: Order, salt: str, *, nested: bool) -> Order:
    """The judged order with its defaults; Wrong when a rule is broken."""
    return _with_defaults(_flat(body) if nested else _checked(body), salt)


def price(order: Order) -> int:
    """Points."""
    model = MODELS[_name(order["model"])]
    return model.points[order["resolution"]] * int(order["duration"])


def _checked(order: Order) -> Order:
    check(order, OUTER | INNER, ("model", "prompt"))
    return order


def _flat(body: Order) -> Order:
    check(body, OUTER | {"params": is_object}, ("model", "params"))
    inner: Order = body["params"]
    check(inner, INNER, ("prompt",))
    return {name: body[name] for name in body if name != "params"} | inner


def _name(model: str) -> str:
    """The name in the table; "" when the kind is another."""
    return model.removesuffix(KIND).replace("-", "_") if model.endswith(KIND) else ""


def _with_defaults(order: Order, salt: str) -> Order:
    model = MODELS[_name(order["model"])]
    defaults: Order = {
        "duration": 5,
        "resolution": model.default_resolution,
        "aspect_ratio": "16:9",
        "bgm": False,
    }
    whole_order = defaults | order
    _check_model(whole_order, model)
    whole_order["seed"] = order.get("seed") or zlib.crc32(salt.encode()) % MOST_SEED + 1
    whole_order["callback_url"] = whole_order.pop("callbackUrl", "")
    return whole_order


def _check_model(order: Order, model: Model) -> None:
    wrong = {
        "duration": order["duration"] not in model.durations,
        "resolution": order["resolution"] not in model.points,
        "aspect_ratio": order["aspect_ratio"] not in model.ratios,
    }
    for name, is_wrong in wrong.items():
        if is_wrong:
            raise Wrong("invalid", name)
