"""APIXO's vidu-q3: a task, a query for it, the balance, and limits.

The endpoints are those of docs/wire.md, section 5. Where its sources leave doubt: the status of an
error is also its code, the two limits are those of a key, the 60 requests are creates and queries
in any 60 seconds, and the 10 tasks are those that have not ended.
"""

import re
from typing import Any

from generations.sandbox import pictures
from generations.sandbox.accounts import SandboxAccount
from generations.sandbox.faults import FaultProfile
from generations.sandbox.fields import FieldError, Order, read_object
from generations.sandbox.files import FileLinks
from generations.sandbox.http import ApiError, Request, Response, json_response
from generations.sandbox.links import DAY
from generations.sandbox.providers.gateway import Gateway, is_json, unknown_address
from generations.sandbox.tasks import SandboxTask

from . import replies, rules

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
        if (request.method, path) == ("GET", BALANCE):
            return json_response(replies.envelope(self.account(key).credits / 1000))
        match = ADDRESS.fullmatch(path)
        if match is None or request.method != METHODS[match[1]]:
            raise unknown_address(request)
        self._count_request(key)
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
            return rules.checked_order(read_object(request.body), task_id)
        except FieldError as error:
            if error.problem == "lacking":
                raise ApiError(400, "lacking", error.name) from error
            raise ApiError(400, "400", str(error)) from error

    def price(self, order: Order) -> int:
        return rules.price(order)

    def accept(self, task: SandboxTask) -> Response:
        """Store the task and answer. A picture that cannot be had fails the task, not the order."""
        try:
            addresses = task.order.get("image_urls", [])
            shown = (pictures.read_picture(address, MAX_IMAGE_BYTES) for address in addresses)
            task.order["pictures"] = tuple(shown)
        except pictures.PictureError as error:
            task.phrases += (f"fail {PICTURE_FAIL_CODES[error.problem]}",)
        if not task.order["sound"] and not task.order["bgm"]:
            task.phrases += ("no sound",)
        return super().accept(task)

    def check_account(self, task: SandboxTask, account: SandboxAccount) -> None:
        if account.is_busy:
            raise ApiError(429, "429", MESSAGES["429"])
        if account.credits < task.price:
            raise _no_balance(account)
        if len(self.context.engine.unfinished(task.account_name)) >= account.slots:
            raise ApiError(429, "429", "Too many concurrent tasks")

    def create_reply(self, task: SandboxTask) -> dict[str, Any]:
        return replies.create_reply(task)

    def query_reply(self, task: SandboxTask, files: FileLinks) -> dict[str, Any]:
        return replies.query_reply(task, files)

    def callback_body(self, task: SandboxTask, files: FileLinks, at: float) -> dict[str, Any]:
        return replies.callback_body(task, files)

    def error_response(self, error: ApiError) -> Response:
        return replies.error_response(error)

    def _count_request(self, key: str) -> None:
        account = self.account(key)
        with self.context.engine.lock:
            if not account.count_request(self.context.clock.now()):
                raise ApiError(429, "429", MESSAGES["429"])

    def _query(self, request: Request, key: str) -> Response:
        task_id = request.value("taskId")
        if not task_id:
            raise ApiError(400, "lacking", "taskId")
        task = self.find_task(task_id, key)
        if task is None:
            raise ApiError(404, "404", f"no task {task_id}")
        return self.answer_query(request, task)


def _no_balance(account: SandboxAccount) -> ApiError:
    """The error of an empty account: the table of the page says 402, its example 400 (5.5)."""
    if account.key.startswith("sandbox-broke400"):
        return ApiError(400, "400", "Insufficient credits")
    return ApiError(402, "402", MESSAGES["402"])
