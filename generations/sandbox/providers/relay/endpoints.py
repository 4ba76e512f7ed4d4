"""The relay: text2video on Vidu's own path, and a query on a path of another folder.

The endpoints are those of docs/wire.md, section 4. Its pages leave open which query path belongs to
the create (4.3). Here a query is answered on the path of its page, in shape 2; for a task with
[shape 1] or [shape 3] that path answers 404, and /ent/v2/tasks/{id}/creations answers instead.
"""

import re
from dataclasses import replace
from typing import Any

from generations.sandbox.accounts import SandboxAccount
from generations.sandbox.faults import FaultProfile
from generations.sandbox.fields import FieldError, Order, read_object
from generations.sandbox.files import FileLinks
from generations.sandbox.http import ApiError, Request, Response
from generations.sandbox.providers.gateway import Gateway, is_json, unknown_address
from generations.sandbox.providers.vidu.errors import FIELD_REASONS, STATUSES
from generations.sandbox.tasks import SandboxTask

from . import replies, rules, shapes

CREATE = "/ent/v2/text2video"
NATIVE_QUERY = re.compile(r"/vidu-native/video/generations/([^/]+)")
VIDU_QUERY = re.compile(r"/ent/v2/tasks/([^/]+)/creations")
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
    reported_states = frozenset({"processing", "success", "failed"})

    def route(self, request: Request, path: str) -> Response:
        key = self.api_key(request)
        if (request.method, path) == ("POST", CREATE):
            return self.create(request, key)
        for pattern in (NATIVE_QUERY, VIDU_QUERY):
            if request.method == "GET" and (match := pattern.fullmatch(path)):
                return self._query(request, key, match[1], pattern)
        raise unknown_address(request)

    def read_order(self, request: Request, key: str, task_id: str) -> Order:
        if not is_json(request):
            raise ApiError(400, "BadRequest", "the content type is not application/json")
        try:
            return rules.checked_order(read_object(request.body), task_id)
        except FieldError as error:
            raise ApiError(400, FIELD_REASONS[error.problem], str(error)) from error

    def price(self, order: Order) -> int:
        return rules.price(order)

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
        return shapes.query_reply(task, files, self.context.clock.now())

    def callback_body(self, task: SandboxTask, files: FileLinks, at: float) -> dict[str, Any]:
        """The reply to a query; a `status` has one of the three words of the create page (4.4)."""
        if not task.is_final:
            task = replace(task, state="processing")
        body = shapes.query_reply(task, files, at)
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
        has_vidu_path = shapes.shape_of(task) in ("1", "3")
        if (path is VIDU_QUERY) == has_vidu_path:
            return self.answer_query(request, task)
        if "task not exist" in task.directives:
            raise ApiError(400, "task_not_exist", "task_not_exist")
        raise unknown_address(request)
