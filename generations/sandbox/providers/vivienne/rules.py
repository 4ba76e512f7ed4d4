"""What Vivienne's create accepts and refuses, and what an order costs in points.

The page has no schema. The members and limits are those of docs/wire.md, 3.2, which assumes Vidu's
(2.3, 2.5); the points are the sandbox's own.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

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

KIND_SUFFIX = "_text2video"
MAX_PROMPT = 5000
MAX_SEED = 2_147_483_647
USUAL_RATIOS = frozenset({"16:9", "9:16", "1:1"})
ALL_RATIOS = USUAL_RATIOS | {"3:4", "4:3"}


@dataclass(frozen=True, slots=True)
class VivienneModel:
    """`points` are those of one second, by resolution."""

    durations: range
    points: Mapping[str, int]
    ratios: frozenset[str] = ALL_RATIOS
    default_resolution: str = "720p"


def _points(low: int, middle: int, high: int) -> dict[str, int]:
    return {"540p": low, "720p": middle, "1080p": high}


MODELS = {
    "viduq3_pro": VivienneModel(range(1, 17), _points(4, 8, 10)),
    "viduq3_turbo": VivienneModel(range(1, 17), _points(3, 4, 5)),
    "viduq2": VivienneModel(range(1, 11), _points(1, 2, 3)),
    "viduq1": VivienneModel(range(5, 6), {"1080p": 5}, USUAL_RATIOS, "1080p"),
}


def _model_name(model: str) -> str:
    """The name in `MODELS`; "" when the model is of another kind."""
    return model.removesuffix(KIND_SUFFIX).replace("-", "_") if model.endswith(KIND_SUFFIX) else ""


# The members of a create: docs/wire.md, 3.2. A key with `params` wants the second group nested.
OUTER_FIELDS: dict[str, Rule] = {
    "model": lambda value: isinstance(value, str) and _model_name(value) in MODELS,
    "callbackUrl": is_url,
}
PARAMS_FIELDS: dict[str, Rule] = {
    "prompt": text(MAX_PROMPT, least=1),
    "duration": integer(range(1, 17)),
    "resolution": one_of("540p", "720p", "1080p"),
    "aspect_ratio": one_of(*sorted(ALL_RATIOS)),
    "seed": integer(range(MAX_SEED + 1)),
    "bgm": is_boolean,
}


def checked_order(body: Order, task_id: str, *, nested: bool) -> Order:
    """The order with its defaults; FieldError if a rule is broken.

    With `nested`, all fields but the model and the callback address are in `params`.
    """
    if nested:
        return _with_defaults(_flat(body), task_id)
    check(body, OUTER_FIELDS | PARAMS_FIELDS, ("model", "prompt"))
    return _with_defaults(body, task_id)


def price(order: Order) -> int:
    """Points."""
    model = MODELS[_model_name(order["model"])]
    return model.points[order["resolution"]] * int(order["duration"])


def _flat(body: Order) -> Order:
    check(body, OUTER_FIELDS | {"params": is_object}, ("model", "params"))
    params: Order = body["params"]
    check(params, PARAMS_FIELDS, ("prompt",))
    return {name: body[name] for name in body if name != "params"} | params


def _with_defaults(body: Order, task_id: str) -> Order:
    model = MODELS[_model_name(body["model"])]
    defaults: Order = {
        "duration": 5,
        "resolution": model.default_resolution,
        "aspect_ratio": "16:9",
        "bgm": False,
    }
    order = defaults | body
    _check_model(order, model)
    order["seed"] = body.get("seed") or zlib.crc32(task_id.encode()) % MAX_SEED + 1
    order["callback_url"] = order.pop("callbackUrl", "")
    return order


def _check_model(order: Order, model: VivienneModel) -> None:
    wrong = {
        "duration": order["duration"] not in model.durations,
        "resolution": order["resolution"] not in model.points,
        "aspect_ratio": order["aspect_ratio"] not in model.ratios,
    }
    for name, is_wrong in wrong.items():
        if is_wrong:
            raise FieldError("invalid", name)
