"""The relay's dialect: text2video on Vidu's own path, and a look on a path of another folder.

From the pages of seeds 001 and 002. Where they leave doubt (4.3): a look is answered on the seed's
path, in the shape of its page; for a task with [shape 1] or [shape 3] that path is not there, and
/ent/v2/tasks/{id}/creations is.
"""

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from generations.sandbox.faults import STATUSES, Manners
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
    read_object,
    text,
    whole,
)
from generations.sandbox.files import Files
from generations.sandbox.http import Answer, Refusal, Request
from generations.sandbox.providers.gateway import Gateway, is_json, nothing_here
from generations.sandbox.tasks import Account, Task

from . import replies

CREATE = "/ent/v2/text2video"
SEED_PATH = re.compile(r"/vidu-native/video/generations/([^/]+)")
CREATIONS = re.compile(r"/ent/v2/tasks/([^/]+)/creations")
REASONS = {
    "unreadable": "BadRequest",
    "lacking": "FieldLacking",
    "unwanted": "FieldUnwanted",
    "invalid": "FieldInvalid",
}
MANNERS = Manners(
    STATUSES
    | {
        "insufficient_user_quota": 403,
        "pre_consume_token_quota_failed": 403,
        "error insufficient_user_quota": 403,
        "task_not_exist": 400,
        "fail_to_fetch_task": 500,
        "unauthorized": 401,
        "forbidden": 403,
        "no_channel": 503,
    },
    garbled=b'{"task_id":"9110260474603',
    code_in_200=b'{"code":"fail_to_fetch_task","message":"asked for by a word","data":null}',
    said={
        "insufficient_user_quota": "user quota is not enough",
        "task_not_exist": "task_not_exist",
        "fail_to_fetch_task": "<html><body><h1>502 Bad Gateway</h1></body></html>",
        "no_channel": "no available channel for this model",
    },
)


class Relay(Gateway):
    """Answers what lies under /relay."""

    name = "relay"
    manners = MANNERS
    told = frozenset({"processing", "success", "failed"})

    def route(self, request: Request, path: str) -> Answer:
        key = self.key(request)
        if (request.method, path) == ("POST", CREATE):
            return self.create(request, key)
        for pattern in (SEED_PATH, CREATIONS):
            if request.method == "GET" and (match := pattern.fullmatch(path)):
                return self._query(request, key, match[1], pattern)
        raise nothing_here(request)

    def refused(self, refusal: Refusal) -> Answer:
        return replies.error_answer(refusal)

    def read_order(self, request: Request, key: str, salt: str) -> Order:
        if not is_json(request):
            raise Refusal(400, "BadRequest", "the content type is not application/json")
        try:
            return with_defaults(read_object(request.body), salt)
        except Wrong as wrong:
            raise Refusal(400, REASONS[wrong.how], str(wrong)) from wrong

    def price(self, order: Order) -> int:
        return price(order)

    def admit(self, task: Task, account: Account) -> None:
        if account.busy:
            raise Refusal(429, "TooManyRequests", "too many requests")
        if account.credits < task.price:
            raise Refusal(403, "insufficient_user_quota", "user quota is not enough")
        is_full = len(self.stage.studio.unfinished(task.purse)) >= account.slots
        if is_full and (account.refuses_over_slots or "quota" in task.words):
            raise Refusal(429, "QuotaExceeded", "the concurrency of the account is used up")

    def created(self, task: Task) -> dict[str, Any]:
        return replies.create_reply(task)

    def described(self, task: Task, files: Files) -> dict[str, Any]:
        return replies.describe(task, files, self.stage.clock.now())

    def callback(self, task: Task, files: Files, at: float) -> dict[str, Any]:
        """The reply to a look, whose `status` has the three words of the create page."""
        if not task.is_final:
            task = replace(task, state="processing")
        body = replies.describe(task, files, at)
        if "status" in body:
            body["status"] = task.state
        if "no id" in task.words.under("callback"):
            body.pop("id", None)
        return body

    def _query(self, request: Request, key: str, number: str, address: re.Pattern[str]) -> Answer:
        task = self.find(number, key)
        if task is None:
            raise Refusal(400, "task_not_exist", "task_not_exist")
        home = CREATIONS if replies.shape(task) in ("1", "3") else SEED_PATH
        if address is home:
            return self.look(request, task)
        if "task not exist" in task.words:
            raise Refusal(400, "task_not_exist", "task_not_exist")
        raise nothing_here(request)


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
