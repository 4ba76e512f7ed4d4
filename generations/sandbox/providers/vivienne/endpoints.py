"""Vivienne's gateway: a generation, a query for it, and a signed callback.

The endpoints are those of docs/wire.md, section 3. Two things that its page leaves open are
assumed: the key is a Bearer key, and a query for an unknown task answers 200 with code 1004.
"""

import secrets
from typing import Any

from generations.sandbox.accounts import SandboxAccount
from generations.sandbox.faults import FaultProfile
from generations.sandbox.fields import FieldError, Order, read_object
from generations.sandbox.files import FileLinks
from generations.sandbox.http import ApiError, Request, Response
from generations.sandbox.providers.gateway import Gateway, is_json, unknown_address
from generations.sandbox.tasks import SandboxTask

from . import replies, rules

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
            return rules.checked_order(body, task_id, nested="params" in key)
        except FieldError as error:
            raise ApiError(400, "400", str(error)) from error

    def price(self, order: Order) -> int:
        return rules.price(order)

    def check_account(self, task: SandboxTask, account: SandboxAccount) -> None:
        if account.is_busy:
            raise ApiError(429, "429", "too many requests")
        if account.credits < task.price:
            raise ApiError(403, "403", "the balance does not suffice")
        is_full = len(self.context.engine.unfinished(task.account_name)) >= account.slots
        if is_full and (account.refuses_over_slots or "quota" in task.directives):
            raise ApiError(429, "429", "too many tasks at once")

    def create_reply(self, task: SandboxTask) -> dict[str, Any]:
        return replies.create_reply(task)

    def query_reply(self, task: SandboxTask, files: FileLinks) -> dict[str, Any]:
        return replies.query_reply(task, files)

    def callback_body(self, task: SandboxTask, files: FileLinks, at: float) -> dict[str, Any]:
        return replies.callback_body(task, files, at)

    def error_response(self, error: ApiError) -> Response:
        return replies.error_response(error)

    def _query(self, request: Request, key: str) -> Response:
        task_id = request.value("taskNo")
        if not task_id:
            raise ApiError(400, "400", "taskNo is lacking")
        task = self.find_task(task_id, key)
        if task is None:
            raise ApiError(200, "1004", f"task {task_id} does not exist")
        return self.answer_query(request, task)
