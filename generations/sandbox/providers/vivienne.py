"""Vivienne's gateway: a generation, a query for it, and a signed callback.

The dialect is that of docs/wire.md, section 3. Two things that its page leaves open are assumed:
the key is a Bearer key, and a query for an unknown task answers 200 with code 1004. The page has no
schema: members and limits are those of 3.2, which assumes Vidu's (2.3, 2.5); the prices in points
are the sandbox's own.
"""

import hashlib
import secrets
import uuid
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from generations.sandbox.dialects import SandboxAccount
from generations.sandbox.directives import FaultProfile
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
    read_object,
    text,
)
from generations.sandbox.files import FileLinks
from generations.sandbox.http import ApiError, Request, Response, json_response
from generations.sandbox.tasks import SandboxTask

from .gateway import Gateway, is_json, unknown_address

Body = dict[str, Any]

CREATE = "/open/aigw/gateway/generations"
QUERY = "/open/aigw/gateway/generationTask"
# Codes and their HTTP statuses: docs/wire.md, 3.5. Any other code comes in a 200.
FAULT_PROFILE = FaultProfile(
    {"400": 400, "401": 401, "403": 403, "429": 429, "500": 500, "disabled": 403, "balance": 403},
    garbled=b'{"code":1000,"message":"success","data":{"taskNo":"a1b2c3',
    code_in_200=b'{"code":1001,"message":"asked for by a word","data":null}',
    default_status=200,
    refuse_reason="400",
    throttle_reason="429",
    server_error_reason="500",
    messages={"disabled": "the key is disabled", "balance": "the balance does not suffice"},
)


class VivienneEndpoints(Gateway):
    """Answers what is under /vivienne."""

    name = "vivienne"
    fault_profile = FAULT_PROFILE

    def route(self, request: Request, path: str) -> Response:
        key = self.api_key(request)
        if (request.method, path) == ("POST", CREATE):
            return self.create(request, key)
        if (request.method, path) == ("GET", QUERY):
            return self._query(request, key)
        raise unknown_address(request)

    def new_task_id(self) -> str:
        return secrets.token_hex(16)

    def read_order(self, request: Request, key: str, task_id: str) -> Order:
        if not is_json(request):
            raise ApiError(400, "400", "the content type is not application/json")
        try:
            body = read_object(request.body)
            # The page leaves open where the members stand; a word in the key chooses (3.2).
            return checked_order(body, task_id, nested="params" in key)
        except FieldError as error:
            raise ApiError(400, "400", str(error)) from error

    def price(self, order: Order) -> int:
        model = MODELS[_model_name(order["model"])]
        return model.points[order["resolution"]] * int(order["duration"])

    def check_account(self, task: SandboxTask, account: SandboxAccount) -> None:
        if account.is_busy:
            raise ApiError(429, "429", "too many requests")
        if account.credits < task.price:
            raise ApiError(403, "403", "the balance does not suffice")
        is_full = len(self.context.engine.unfinished(task.account_name)) >= account.slots
        if is_full and (account.refuses_over_slots or "quota" in task.directives):
            raise ApiError(429, "429", "too many tasks at once")

    def create_reply(self, task: SandboxTask) -> Body:
        """The reply to an order; directives remove its data or move the id to the top."""
        directives = task.directives
        if "no data" in directives:
            return {"code": OK, "message": "success"}
        if "top level" in directives:
            return {"code": OK, "message": "success", "taskNo": task.remote_id}
        data = {} if "no task id" in directives else {"taskNo": task.remote_id}
        return {"code": OK, "message": "success", "data": data}

    def query_reply(self, task: SandboxTask, files: FileLinks) -> Body:
        """The reply to a query; its code is 1000 also when the task failed."""
        if "no data" in task.directives.scoped("query") and task.use_once("no data"):
            return {"code": OK, "message": "success"}
        data = _task_members(task) | _outcome(task, files)
        return {"code": OK, "message": "success", "data": data}

    def callback_body(self, task: SandboxTask, files: FileLinks, at: float) -> Body:
        """The body of a callback with its signature, which directives alter or remove."""
        directives = task.directives.scoped("callback")
        # The signature does not cover the results (3.4), so an altered body is signed validly.
        results = FORGED_RESULTS if "altered" in directives else files.videos
        body = _task_members(task) | {"timestamp": _timestamp(task, at)}
        if task.state == "success":
            body |= {"data": _upstream(task, results), "usage": {"totalPoints": task.price}}
        if task.state == "failed":
            body["error"] = task.err_code
        return body if "unsigned" in directives else body | {"sign": _sign(task, body["timestamp"])}

    def error_response(self, error: ApiError) -> Response:
        """A reason in digits is the code of the body, whatever the HTTP status."""
        code = int(error.reason) if error.reason.isdecimal() else error.status
        return json_response({"code": code, "message": error.message, "data": None}, error.status)

    def _query(self, request: Request, key: str) -> Response:
        task_id = request.value("taskNo")
        if not task_id:
            raise ApiError(400, "400", "taskNo is lacking")
        task = self.find_task(task_id, key)
        if task is None:
            raise ApiError(200, "1004", f"task {task_id} does not exist")
        return self.answer_query(request, task)


# ---- What an order may say ------------------------------------------------------------------

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


# ---- Replies and callbacks ------------------------------------------------------------------

OK = 1000
STALE_SECONDS = 25 * 3600
BEIJING = timezone(timedelta(hours=8))
# The states that Vivienne has another word for (1.2).
STATE_WORDS = {"created": "pending", "queueing": "pending"}
FORGED_RESULTS = ("https://cdn.example/forged.mp4",)


def _task_members(task: SandboxTask) -> Body:
    status = STATE_WORDS.get(task.state, task.state)
    return {"taskNo": task.remote_id, "model": task.order["model"], "status": status}


def _outcome(task: SandboxTask, files: FileLinks) -> Body:
    if task.state == "failed":
        return {"error": task.err_code}
    if task.state != "success":
        return {}
    # The page shows this time without a zone; the service is in China.
    created = datetime.fromtimestamp(task.created_at, UTC).astimezone(BEIJING)
    return {
        "createTime": f"{created:%Y-%m-%d %H:%M:%S}",
        "data": {"result": list(files.videos)},
        "usage": {"totalPoints": task.credits},
    }


def _upstream(task: SandboxTask, results: tuple[str, ...]) -> Body:
    """The reply of the service behind the gateway, as the page's example passes it on."""
    return {
        "task_id": str(uuid.UUID(task.id)),
        "status": "SUCCESS",
        "request_id": f"{int(task.creation_id):032x}",
        "result": list(results),
        "error_info": "",
        "traceback": "",
    }


def _timestamp(task: SandboxTask, at: float) -> int:
    """Seconds in ten digits, or milliseconds in thirteen where a directive asks for them."""
    directives = task.directives.scoped("callback")
    moment = at - STALE_SECONDS if "stale date" in directives else at
    return int(moment * 1000) if "milliseconds" in directives else int(moment)


def _sign(task: SandboxTask, timestamp: int) -> str:
    directives = task.directives.scoped("callback")
    key = "a key that nobody has" if "bad signature" in directives else task.key
    sign = signature(task.remote_id, timestamp, key)
    return sign.upper() if "upper case" in directives else sign


def signature(task_id: str, timestamp: int, key: str) -> str:
    """SHA-256 of the three as one text (3.4); it covers nothing else of the body."""
    return hashlib.sha256(f"{task_id}{timestamp}{key}".encode()).hexdigest()
