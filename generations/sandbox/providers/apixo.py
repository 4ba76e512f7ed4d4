"""APIXO's vidu-q3: a task, a query for it, the balance, and limits.

The dialect is that of docs/wire.md, section 5. Where its sources leave doubt: the status of an
error is also its code, the two limits are those of a key, the 60 requests are creates and queries
in any 60 seconds, and the 10 tasks are those that have not ended. The page has no prices; these are
the sandbox's own.
"""

import json
import re
import zlib
from typing import Any

from generations.sandbox import pictures
from generations.sandbox.context import DAY
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
MODEL = "vidu-q3"
ADDRESS = re.compile(r"/api/v1/(generateTask|statusTask)/([^/]+)")
METHODS = {"generateTask": "POST", "statusTask": "GET"}
BALANCE = "/api/v1/apikeys/current-balance"
MAX_IMAGE_BYTES = 10 * 1024 * 1024
# https://apixo.ai/docs/api-reference/error-codes; docs/wire.md, 5.5. First the `failCode` of a
# picture that cannot be used, then the messages by status.
PICTURE_FAIL_CODES = {
    "download": "INVALID_IMAGE_URL",
    "format": "UNSUPPORTED_FORMAT",
    "size": "IMAGE_TOO_LARGE",
    "ratio": "GENERATION_FAILED",
}
MESSAGES = {
    "400": "Invalid request",
    "401": "Invalid API key",
    "402": "Insufficient balance",
    "403": "The key lacks permission",
    "404": "Not found",
    "429": "Rate limit exceeded",
    "500": "Internal server error",
    "503": "The model is not available",
}
FAULT_PROFILE = FaultProfile(
    {reason: int(reason) for reason in MESSAGES},
    garbled=b'{"code":200,"message":"success","data":{"taskId":"task_1234',
    code_in_200=b'{"code":400,"message":"asked for by a word","data":null}',
    refuse_reason="400",
    throttle_reason="429",
    server_error_reason="500",
    messages=MESSAGES | {"Insufficient credits": "Insufficient credits"},
)


class ApixoEndpoints(Gateway):
    """Answers what is under /apixo."""

    name = "apixo"
    fault_profile = FAULT_PROFILE
    retry_delays = (30.0, 60.0, 120.0)
    timeout = 30.0
    link_seconds = 15 * DAY

    def route(self, request: Request, path: str) -> Response:
        key = self.api_key(request)
        # Before the count, which is of creates and queries only.
        if (request.method, path) == ("GET", BALANCE):
            return json_response(envelope(self.account(key).credits / 1000))
        match = ADDRESS.fullmatch(path)
        if match is None or request.method != METHODS[match[1]]:
            raise unknown_address(request)
        account = self.account(key)
        with self.context.engine.lock:
            if not account.count_request(self.context.clock.now()):
                raise ApiError(429, "429", MESSAGES["429"])
        if match[2] != MODEL:
            raise ApiError(404, "404", f"no model {match[2]}")
        if match[1] == "generateTask":
            return self.create(request, key)
        return self._query(request, key)

    def new_task_id(self) -> str:
        return f"task_{super().new_task_id()}"

    def read_order(self, request: Request, key: str, task_id: str) -> Order:
        if not is_json(request):
            raise ApiError(400, "400", "the content type is not application/json")
        try:
            return checked_order(read_object(request.body), task_id)
        except FieldError as error:
            if error.problem == "lacking":
                raise ApiError(400, "lacking", error.name) from error
            raise ApiError(400, "400", str(error)) from error

    def price(self, order: Order) -> int:
        """Thousandths of a dollar."""
        prices = TURBO_PRICES if _is_turbo(order) else USUAL_PRICES
        return prices[order["resolution"]] * int(order["duration"])

    def accept(self, task: SandboxTask) -> Response:
        """Store the task and answer. A picture that cannot be had fails the task, not the order."""
        try:
            addresses = task.order.get("image_urls", [])
            shown = (pictures.read_picture(address, MAX_IMAGE_BYTES) for address in addresses)
            task.order["pictures"] = tuple(shown)
        except pictures.PictureError as error:
            # As a directive, by which the engine lets a task fail after the usual time.
            task.phrases += (f"fail {PICTURE_FAIL_CODES[error.problem]}",)
        if not task.order["sound"] and not task.order["bgm"]:
            task.phrases += ("no sound",)
        return super().accept(task)

    def check_account(self, task: SandboxTask, account: SandboxAccount) -> None:
        if account.is_busy:
            raise ApiError(429, "429", MESSAGES["429"])
        if account.credits < task.price:
            # The table of the page says 402, its example 400 (5.5); a word in the key chooses.
            if account.key.startswith("sandbox-broke400"):
                raise ApiError(400, "400", "Insufficient credits")
            raise ApiError(402, "402", MESSAGES["402"])
        if len(self.context.engine.unfinished(task.account_name)) >= account.slots:
            raise ApiError(429, "429", "Too many concurrent tasks")

    def create_reply(self, task: SandboxTask) -> Body:
        """The reply to an order; directives remove its data or its id."""
        if "no data" in task.directives:
            return envelope(None)
        return envelope({} if "no task id" in task.directives else {"taskId": task.remote_id})

    def query_reply(self, task: SandboxTask, files: FileLinks) -> Body:
        """The reply to a query; its code is 200 also when the task failed."""
        directives, data = task.directives, _task_members(task)
        if task.state == "failed":
            data |= _failure(task)
        if task.state == "success":
            data |= {"resultJson": _result_json(files)} | _times(task)
            if "bad result" in directives and task.use_once("bad result"):
                data["resultJson"] = data["resultJson"][:-9]
            if "result object" in directives:
                data["resultJson"] = {"resultUrls": list(files.videos)}
        return envelope(data)

    def callback_body(self, task: SandboxTask, files: FileLinks, at: float) -> Body:
        """The reply to a query, but with its times also when the task failed (5.4)."""
        data = _task_members(task) | (_times(task) if task.is_final else {})
        if task.state == "failed":
            data |= _failure(task)
        if task.state == "success":
            data |= {"resultJson": _result_json(files)}
        return envelope(data)

    def error_response(self, error: ApiError) -> Response:
        """The status is also the code; a missing field is named in the data."""
        message = error.message
        data: Body | None = None
        if error.reason == "lacking":
            message = "Invalid request"
            data = {"error": f"Missing required field: {error.message}"}
        body = {"code": error.status, "message": message, "data": data}
        return json_response(body, error.status)

    def _query(self, request: Request, key: str) -> Response:
        task_id = request.value("taskId")
        if not task_id:
            raise ApiError(400, "lacking", "taskId")
        task = self.find_task(task_id, key)
        if task is None:
            raise ApiError(404, "404", f"no task {task_id}")
        return self.answer_query(request, task)


# ---- What an order may say ------------------------------------------------------------------

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
    # An order with images has no aspect ratio: its clip has that of the first image.
    ratio = "" if given["mode"] in IMAGE_MODES else "16:9"
    defaults = {"aspect_ratio": ratio, "movement": "auto", "sound": True, "bgm": True}
    seed = given.get("seed", -1)
    return (
        defaults
        | given
        | {
            "seed": zlib.crc32(task_id.encode()) % MAX_SEED + 1 if seed == -1 else seed,
            "model": "vidu-q3-turbo" if _is_turbo(given) else "vidu-q3",
            "callback_url": body["callback_url"] if has_callback else "",
            "provider": body.get("provider", "auto"),
        }
    )


def _check_input(given: Order) -> None:
    has_images = given.get("mode") in IMAGE_MODES
    rules = INPUT_FIELDS | (IMAGE_FIELDS if has_images else TEXT_FIELDS)
    required = (*REQUIRED_INPUT, "image_urls") if has_images else REQUIRED_INPUT
    try:
        check(given, rules, required)
    except FieldError as error:
        raise FieldError(error.problem, f"input.{error.name}") from error


def _is_turbo(order: Order) -> bool:
    return bool(order["mode"].startswith("turbo-"))


# ---- Replies --------------------------------------------------------------------------------

# The states that APIXO has another word for (1.2).
STATE_WORDS = {"created": "pending", "queueing": "pending"}
# The `failCode`s of https://apixo.ai/docs/api-reference/error-codes (5.5), each with its `failMsg`.
FAILURES = {
    "CONTENT_VIOLATION": "Content does not meet safety guidelines",
    "INVALID_IMAGE_URL": "The image address cannot be fetched",
    "NSFW_DETECTED": "The content is not safe for work",
    "PROMPT_TOO_LONG": "The prompt is too long",
    "INVALID_PROMPT": "The prompt is invalid",
    "IMAGE_TOO_LARGE": "The image is larger than 10 MB",
    "UNSUPPORTED_FORMAT": "The image has a format that is not supported",
    "IMAGE_DOWNLOAD_FAILED": "The image could not be downloaded",
    "PROCESSING_TIMEOUT": "The task took too long",
    "MODEL_UNAVAILABLE": "The model is not available",
    "GENERATION_FAILED": "The generation failed",
    "INSUFFICIENT_CREDITS": "The credits do not suffice",
}
# The sandbox's own codes of a failure, where no directive chose one of APIXO's.
SANDBOX_CODES = {
    "InternalServiceFailure": "GENERATION_FAILED",
    "CreationPolicyViolation": "CONTENT_VIOLATION",
}


def envelope(data: Any) -> Body:
    """A successful reply with this data."""
    return {"code": 200, "message": "success", "data": data}


def _task_members(task: SandboxTask) -> Body:
    return {"taskId": task.remote_id, "state": STATE_WORDS.get(task.state, task.state)}


def _failure(task: SandboxTask) -> Body:
    code = SANDBOX_CODES.get(task.err_code, task.err_code)
    return {"failCode": code, "failMsg": FAILURES.get(code, f"The task failed: {code}")}


def _result_json(files: FileLinks) -> str:
    return json.dumps({"resultUrls": list(files.videos)}, separators=(",", ":"))


def _times(task: SandboxTask) -> Body:
    """Milliseconds; `costTime` is the difference of the other two."""
    created, completed = int(task.created_at * 1000), int(task.ended_at * 1000)
    return {"createTime": created, "completeTime": completed, "costTime": completed - created}
