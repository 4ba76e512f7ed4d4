"""The dialect of Vivienne's gateway: a generation, a look at it, and a signed callback.

From the page of seed 000. What it leaves open is assumed: a Bearer key, and a task that is not
there is a business error of code 1004 in a 200.
"""

import secrets
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from generations.sandbox.faults import Manners
from generations.sandbox.fields import (
    Order,
    Rule,
    Wrong,
    address,
    check,
    flag,
    is_object,
    one_of,
    read_object,
    text,
    whole,
)
from generations.sandbox.files import Files
from generations.sandbox.http import Answer, Refusal, Request
from generations.sandbox.providers.gateway import Gateway, is_json, nothing_here
from generations.sandbox.tasks import Account, Task

from . import replies

CREATE = "/open/aigw/gateway/generations"
LOOK = "/open/aigw/gateway/generationTask"
MANNERS = Manners(
    {"400": 400, "401": 401, "403": 403, "429": 429, "500": 500, "disabled": 403, "balance": 403},
    garbled=b'{"code":1000,"message":"success","data":{"taskNo":"a1b2c3',
    code_in_200=b'{"code":1001,"message":"asked for by a word","data":null}',
    otherwise=200,
    refused="400",
    throttled="429",
    broken="500",
    said={"disabled": "the key is disabled", "balance": "the balance does not suffice"},
)


class Vivienne(Gateway):
    """Answers what lies under /vivienne."""

    name = "vivienne"
    manners = MANNERS

    def route(self, request: Request, path: str) -> Answer:
        key = self.key(request)
        if (request.method, path) == ("POST", CREATE):
            return self.create(request, key)
        if (request.method, path) == ("GET", LOOK):
            return self._query(request, key)
        raise nothing_here(request)

    def refused(self, refusal: Refusal) -> Answer:
        return replies.error_answer(refusal)

    def new_number(self) -> str:
        return secrets.token_hex(16)

    def read_order(self, request: Request, key: str, salt: str) -> Order:
        if not is_json(request):
            raise Refusal(400, "400", "the content type is not application/json")
        try:
            return read(read_object(request.body), salt, nested="params" in key)
        except Wrong as wrong:
            raise Refusal(400, "400", str(wrong)) from wrong

    def price(self, order: Order) -> int:
        return price(order)

    def admit(self, task: Task, account: Account) -> None:
        if account.busy:
            raise Refusal(429, "429", "too many requests")
        if account.credits < task.price:
            raise Refusal(403, "403", "the balance does not suffice")
        is_full = len(self.stage.studio.unfinished(task.purse)) >= account.slots
        if is_full and (account.refuses_over_slots or "quota" in task.words):
            raise Refusal(429, "429", "too many tasks at once")

    def created(self, task: Task) -> dict[str, Any]:
        return replies.create_reply(task)

    def described(self, task: Task, files: Files) -> dict[str, Any]:
        return replies.describe(task, files)

    def callback(self, task: Task, files: Files, at: float) -> dict[str, Any]:
        return replies.callback(task, files, at)

    def _query(self, request: Request, key: str) -> Answer:
        number = request.value("taskNo")
        if not number:
            raise Refusal(400, "400", "taskNo is lacking")
        task = self.find(number, key)
        if task is None:
            raise Refusal(200, "1004", f"task {number} does not exist")
        return self.look(request, task)


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


def _name(model: str) -> str:
    """The name in the table; "" when the kind is another."""
    return model.removesuffix(KIND).replace("-", "_") if model.endswith(KIND) else ""


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
