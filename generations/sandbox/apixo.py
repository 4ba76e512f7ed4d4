"""The dialect of APIXO's vidu-q3: a task, a look at it, the balance, and limits.

From the page of seed 003. Where sources leave doubt: the status of an error is also its code, the
two limits are a key's, 60 requests count creates and looks in any 60 seconds, and 10 tasks are
those that have not ended.
"""

import re
from typing import Any

from generations.sandbox import apixo_replies, apixo_rules, pictures
from generations.sandbox.accounts import Account
from generations.sandbox.faults import Manners
from generations.sandbox.fields import Order, Wrong, read_object
from generations.sandbox.gateway import Gateway, is_json, nothing_here
from generations.sandbox.links import DAY
from generations.sandbox.results import Files
from generations.sandbox.tasks import Task
from generations.sandbox.wire import Answer, Refusal, Request, json_answer

MODEL = "vidu-q3"
ADDRESS = re.compile(r"/api/v1/(generateTask|statusTask)/([^/]+)")
METHODS = {"generateTask": "POST", "statusTask": "GET"}
BALANCE = "/api/v1/apikeys/current-balance"
MOST_IMAGE_BYTES = 10 * 1024 * 1024
FAIL_CODES = {
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
MANNERS = Manners(
    {reason: int(reason) for reason in MESSAGES},
    garbled=b'{"code":200,"message":"success","data":{"taskId":"task_1234',
    code_in_200=b'{"code":400,"message":"asked for by a word","data":null}',
    refused="400",
    throttled="429",
    broken="500",
    said=MESSAGES | {"Insufficient credits": "Insufficient credits"},
)


class Apixo(Gateway):
    """Answers what lies under /apixo."""

    name = "apixo"
    manners = MANNERS
    delays = (30.0, 60.0, 120.0)
    timeout = 30.0
    link_seconds = 15 * DAY

    def route(self, request: Request, path: str) -> Answer:
        key = self.key(request)
        if (request.method, path) == ("GET", BALANCE):
            return json_answer(apixo_replies.envelope(self.account(key).credits / 1000))
        match = ADDRESS.fullmatch(path)
        if match is None or request.method != METHODS[match[1]]:
            raise nothing_here(request)
        self._count(key)
        if match[2] != MODEL:
            raise Refusal(404, "404", f"no model {match[2]}")
        if match[1] == "generateTask":
            return self.create(request, key)
        return self._query(request, key)

    def refused(self, refusal: Refusal) -> Answer:
        return apixo_replies.error_answer(refusal)

    def new_number(self) -> str:
        return f"task_{super().new_number()}"

    def read_order(self, request: Request, key: str, salt: str) -> Order:
        if not is_json(request):
            raise Refusal(400, "400", "the content type is not application/json")
        try:
            return apixo_rules.read(read_object(request.body), salt)
        except Wrong as wrong:
            if wrong.how == "lacking":
                raise Refusal(400, "lacking", wrong.name) from wrong
            raise Refusal(400, "400", str(wrong)) from wrong

    def price(self, order: Order) -> int:
        return apixo_rules.price(order)

    def take(self, task: Task) -> Answer:
        """A picture that cannot be had fails the task, not the order."""
        try:
            addresses = task.order.get("image_urls", [])
            shown = (pictures.take(address, MOST_IMAGE_BYTES) for address in addresses)
            task.order["pictures"] = tuple(shown)
        except pictures.Unfit as unfit:
            task.phrases += (f"fail {FAIL_CODES[unfit.word]}",)
        if not task.order["sound"] and not task.order["bgm"]:
            task.phrases += ("no sound",)
        return super().take(task)

    def admit(self, task: Task, account: Account) -> None:
        if account.busy:
            raise Refusal(429, "429", MESSAGES["429"])
        if account.credits < task.price:
            raise _insufficient(account)
        if len(self.stage.studio.unfinished(task.purse)) >= account.slots:
            raise Refusal(429, "429", "Too many concurrent tasks")

    def created(self, task: Task) -> dict[str, Any]:
        return apixo_replies.create_reply(task)

    def described(self, task: Task, files: Files) -> dict[str, Any]:
        return apixo_replies.describe(task, files)

    def callback(self, task: Task, files: Files, at: float) -> dict[str, Any]:
        return apixo_replies.callback(task, files)

    def _count(self, key: str) -> None:
        account = self.account(key)
        with self.stage.studio.lock:
            if not account.may_call(self.stage.clock.now()):
                raise Refusal(429, "429", MESSAGES["429"])

    def _query(self, request: Request, key: str) -> Answer:
        number = request.value("taskId")
        if not number:
            raise Refusal(400, "lacking", "taskId")
        task = self.find(number, key)
        if task is None:
            raise Refusal(404, "404", f"no task {number}")
        return self.look(request, task)


def _insufficient(account: Account) -> Refusal:
    """The page has two errors for it: one in its table, one in its example."""
    if account.key.startswith("sandbox-broke400"):
        return Refusal(400, "400", "Insufficient credits")
    return Refusal(402, "402", MESSAGES["402"])
