"""The relay: text2video on Vidu's own path, and a query on a path of another folder.

The endpoints are those of docs/wire.md, section 4. Its pages leave open which query path belongs to
the create (4.3). Here a query is answered on the path of its page, in shape 2; for a task with
[shape 1] or [shape 3] that path answers 404, and /ent/v2/tasks/{id}/creations answers instead.

The page declares most members of an order as strings (4.2); both a string and the value that it
spells are accepted. The credits are Vidu's (2.11), because the reply has what the service behind
the relay counts.
"""

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote

from generations.sandbox.dialects import SandboxAccount
from generations.sandbox.directives import FaultProfile
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
    read_object,
    text,
)
from generations.sandbox.files import FileLinks
from generations.sandbox.http import ApiError, Request, Response
from generations.sandbox.providers.gateway import Gateway, is_json, unknown_address
from generations.sandbox.providers.vidu.replies import FIELD_REASONS, STATUSES
from generations.sandbox.tasks import SandboxTask

from . import replies

CREATE = "/ent/v2/text2video"
NATIVE_QUERY = re.compile(r"/vidu-native/video/generations/([^/]+)")
VIDU_QUERY = re.compile(r"/ent/v2/tasks/([^/]+)/creations")
TASK_QUERY = re.compile(r"/ent/v2/task()")  # the id is in the query, as task_id
# Vidu's reasons, and the relay's own codes: docs/wire.md, 4.4.
FAULT_PROFILE = FaultProfile(
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
    messages={
        "insufficient_user_quota": "user quota is not enough",
        "task_not_exist": "task_not_exist",
        "fail_to_fetch_task": "<html><body><h1>502 Bad Gateway</h1></body></html>",
        "no_channel": "no available channel for this model",
    },
)


class RelayEndpoints(Gateway):
    """Answers what is under /relay."""

    name = "relay"
    fault_profile = FAULT_PROFILE
    # One state more than the other gateways report: the page repeats Vidu's text (4.4).
    reported_states = frozenset({"processing", "success", "failed"})

    def route(self, request: Request, path: str) -> Response:
        key = self.api_key(request)
        if (request.method, path) == ("POST", CREATE):
            return self.create(request, key)
        for pattern in (NATIVE_QUERY, VIDU_QUERY, TASK_QUERY):
            if request.method == "GET" and (match := pattern.fullmatch(path)):
                task_id = unquote(match[1]) or request.value("task_id")
                return self._query(request, key, task_id, pattern)
        raise unknown_address(request)

    def read_order(self, request: Request, key: str, task_id: str) -> Order:
        if not is_json(request):
            raise ApiError(400, "BadRequest", "the content type is not application/json")
        try:
            return checked_order(read_object(request.body), task_id)
        except FieldError as error:
            raise ApiError(400, FIELD_REASONS[error.problem], str(error)) from error

    def price(self, order: Order) -> int:
        """Credits of the service behind the relay."""
        model, resolution = MODELS[order["model"]], order["resolution"]
        return model.first[resolution] + model.further[resolution] * (int(order["duration"]) - 1)

    def check_account(self, task: SandboxTask, account: SandboxAccount) -> None:
        if account.is_busy:
            raise ApiError(429, "TooManyRequests", "too many requests")
        if account.credits < task.price:
            raise ApiError(403, "insufficient_user_quota", "user quota is not enough")
        is_full = len(self.context.engine.unfinished(task.account_name)) >= account.slots
        if is_full and (account.refuses_over_slots or "quota" in task.directives):
            raise ApiError(429, "QuotaExceeded", "the concurrency of the account is used up")

    def create_reply(self, task: SandboxTask) -> dict[str, Any]:
        return replies.create_reply(task)

    def query_reply(self, task: SandboxTask, files: FileLinks) -> dict[str, Any]:
        return replies.query_reply(task, files, self.context.clock.now())

    def callback_body(self, task: SandboxTask, files: FileLinks, at: float) -> dict[str, Any]:
        """The reply to a query; a `status` has one of the three words of the create page (4.4)."""
        if not task.is_final:
            task = replace(task, state="processing")
        body = replies.query_reply(task, files, at)
        if "status" in body:
            body["status"] = task.state
        if "no id" in task.directives.scoped("callback"):
            body.pop("id", None)
        return body

    def error_response(self, error: ApiError) -> Response:
        return replies.error_response(error)

    def _query(self, request: Request, key: str, task_id: str, path: re.Pattern[str]) -> Response:
        task = self.find_task(task_id, key)
        if task is None:
            raise ApiError(400, "task_not_exist", "task_not_exist")
        # A task is known on one of the paths only, so that a client must find out which (4.3).
        if path is _query_path(task):
            return self.answer_query(request, task)
        if path is VIDU_QUERY and "mark elsewhere" in task.directives:
            return self.answer_query(request, replace(task, phrases=("shape 1", *task.phrases)))
        if "task not exist" in task.directives:
            raise ApiError(400, "task_not_exist", "task_not_exist")
        raise unknown_address(request)


def _query_path(task: SandboxTask) -> re.Pattern[str]:
    """The path on which queries for this task are answered."""
    if "task path" in task.directives or "taskpath" in task.key:
        return TASK_QUERY
    return VIDU_QUERY if replies.shape_of(task) in ("1", "3") else NATIVE_QUERY


# ---- What an order may say ------------------------------------------------------------------

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
    "viduq3-turbo": RelayModel(range(1, 17), _credits(7, 11, 13), _credits(7, 11, 13)),
    "viduq3-pro": RelayModel(range(1, 17), _credits(9, 20, 24), _credits(9, 20, 24)),
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
        # The length first: Python refuses to convert thousands of digits, by an error of its own.
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


def _check_model(order: Order, model: RelayModel) -> None:
    wrong = {
        "duration": order["duration"] not in model.durations,
        "resolution": order["resolution"] not in model.first,
        "aspect_ratio": order["aspect_ratio"] not in model.ratios,
    }
    for name, is_wrong in wrong.items():
        if is_wrong:
            raise FieldError("invalid", name)
