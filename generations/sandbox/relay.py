"""The relay's dialect: text2video on Vidu's own path, and a look on a path of another folder.

From the pages of seeds 001 and 002. Where they leave doubt (4.3): a look is answered on the seed's
path, in the shape of its page; for a task with [shape 1] or [shape 3] that path is not there, and
/ent/v2/tasks/{id}/creations is.
"""

import re
from dataclasses import replace
from typing import Any

from generations.sandbox import relay_replies, relay_rules, relay_shapes
from generations.sandbox.accounts import Account
from generations.sandbox.faults import STATUSES, Manners
from generations.sandbox.fields import Order, Wrong, read_object
from generations.sandbox.gateway import Gateway, is_json, nothing_here
from generations.sandbox.results import Files
from generations.sandbox.tasks import Task
from generations.sandbox.wire import Answer, Refusal, Request

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
        for address in (SEED_PATH, CREATIONS):
            if request.method == "GET" and (match := address.fullmatch(path)):
                return self._query(request, key, match[1], address)
        raise nothing_here(request)

    def refused(self, refusal: Refusal) -> Answer:
        return relay_replies.error_answer(refusal)

    def read_order(self, request: Request, key: str, salt: str) -> Order:
        if not is_json(request):
            raise Refusal(400, "BadRequest", "the content type is not application/json")
        try:
            return relay_rules.with_defaults(read_object(request.body), salt)
        except Wrong as wrong:
            raise Refusal(400, REASONS[wrong.how], str(wrong)) from wrong

    def price(self, order: Order) -> int:
        return relay_rules.price(order)

    def admit(self, task: Task, account: Account) -> None:
        if account.busy:
            raise Refusal(429, "TooManyRequests", "too many requests")
        if account.credits < task.price:
            raise Refusal(403, "insufficient_user_quota", "user quota is not enough")
        is_full = len(self.stage.studio.unfinished(task.purse)) >= account.slots
        if is_full and (account.refuses_over_slots or "quota" in task.words):
            raise Refusal(429, "QuotaExceeded", "the concurrency of the account is used up")

    def created(self, task: Task) -> dict[str, Any]:
        return relay_replies.create_reply(task)

    def described(self, task: Task, files: Files) -> dict[str, Any]:
        return relay_shapes.describe(task, files, self.stage.clock.now())

    def callback(self, task: Task, files: Files, at: float) -> dict[str, Any]:
        """The reply to a look, whose `status` has the three words of the create page."""
        if not task.is_final:
            task = replace(task, state="processing")
        body = relay_shapes.describe(task, files, at)
        if "status" in body:
            body["status"] = task.state
        if "no id" in task.words.under("callback"):
            body.pop("id", None)
        return body

    def _query(self, request: Request, key: str, number: str, address: re.Pattern[str]) -> Answer:
        task = self.find(number, key)
        if task is None:
            raise Refusal(400, "task_not_exist", "task_not_exist")
        home = CREATIONS if relay_shapes.shape(task) in ("1", "3") else SEED_PATH
        if address is home:
            return self.look(request, task)
        if "task not exist" in task.words:
            raise Refusal(400, "task_not_exist", "task_not_exist")
        raise nothing_here(request)
