"""The dialect of Vivienne's gateway: a generation, a look at it, and a signed callback.

From the page of seed 000. What it leaves open is assumed: a Bearer key, and a task that is not
there is a business error of code 1004 in a 200.
"""

import secrets
from typing import Any

from generations.sandbox import vivienne_replies, vivienne_rules
from generations.sandbox.accounts import Account
from generations.sandbox.faults import Manners
from generations.sandbox.fields import Order, Wrong, read_object
from generations.sandbox.gateway import Gateway, is_json, nothing_here
from generations.sandbox.results import Files
from generations.sandbox.tasks import Task
from generations.sandbox.wire import Answer, Refusal, Request

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
        return vivienne_replies.error_answer(refusal)

    def new_number(self) -> str:
        return secrets.token_hex(16)

    def read_order(self, request: Request, key: str, salt: str) -> Order:
        if not is_json(request):
            raise Refusal(400, "400", "the content type is not application/json")
        try:
            return vivienne_rules.read(read_object(request.body), salt, nested="params" in key)
        except Wrong as wrong:
            raise Refusal(400, "400", str(wrong)) from wrong

    def price(self, order: Order) -> int:
        return vivienne_rules.price(order)

    def admit(self, task: Task, account: Account) -> None:
        if account.busy:
            raise Refusal(429, "429", "too many requests")
        if account.credits < task.price:
            raise Refusal(403, "403", "the balance does not suffice")
        is_full = len(self.stage.studio.unfinished(task.purse)) >= account.slots
        if is_full and (account.refuses_over_slots or "quota" in task.words):
            raise Refusal(429, "429", "too many tasks at once")

    def created(self, task: Task) -> dict[str, Any]:
        return vivienne_replies.create_reply(task)

    def described(self, task: Task, files: Files) -> dict[str, Any]:
        return vivienne_replies.describe(task, files)

    def callback(self, task: Task, files: Files, at: float) -> dict[str, Any]:
        return vivienne_replies.callback(task, files, at)

    def _query(self, request: Request, key: str) -> Answer:
        number = request.value("taskNo")
        if not number:
            raise Refusal(400, "400", "taskNo is lacking")
        task = self.find(number, key)
        if task is None:
            raise Refusal(200, "1004", f"task {number} does not exist")
        return self.look(request, task)
