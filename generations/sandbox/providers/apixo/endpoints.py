"""The dialect of APIXO's vidu-q3: a task, a look at it, the balance, and limits.

From the page of seed 003. Where sources leave doubt: the status of an error is also its code, the
two limits are a key's, 60 requests count creates and looks in any 60 seconds, and 10 tasks are
those that have not ended.
"""

import re
import zlib
from typing import Any

from generations.sandbox import pictures
from generations.sandbox.context import DAY
from generations.sandbox.faults import Manners
from generations.sandbox.fields import (
    Order,
    Rule,
    Wrong,
    address,
    check,
    flag,
    is_object,
    one_of,
    read_object,
    text,
    whole,
)
from generations.sandbox.files import Files
from generations.sandbox.http import (
    Answer,
    Refusal,
    Request,
    json_answer,
)
from generations.sandbox.providers.gateway import Gateway, is_json, nothing_here
from generations.sandbox.tasks import Account, Task

from . import replies

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
            return json_answer(replies.envelope(self.account(key).credits / 1000))
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
        return replies.error_answer(refusal)

    def new_number(self) -> str:
        return f"task_{super().new_number()}"

    def read_order(self, request: Request, key: str, salt: str) -> Order:
        if not is_json(request):
            raise Refusal(400, "400", "the content type is not application/json")
        try:
            return read(read_object(request.body), salt)
        except Wrong as wrong:
            if wrong.how == "lacking":
                raise Refusal(400, "lacking", wrong.name) from wrong
            raise Refusal(400, "400", str(wrong)) from wrong

    def price(self, order: Order) -> int:
        return price(order)

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
        return replies.create_reply(task)

    def described(self, task: Task, files: Files) -> dict[str, Any]:
        return replies.describe(task, files)

    def callback(self, task: Task, files: Files, at: float) -> dict[str, Any]:
        return replies.callback(task, files)

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


TEXT_MODES = ("text-to-video", "turbo-text-to-video")
IMAGE_MODES = ("image-to-video", "turbo-image-to-video")
MOST_SEED = 2_147_483_647
PLAIN_PRICES = {"540p": 50, "720p": 125, "1080p": 150}
TURBO_PRICES = {"540p": 40, "720p": 60, "1080p": 70}


def _one_or_two(value: Any) -> bool:
    return isinstance(value, list) and 1 <= len(value) <= 2 and all(map(address, value))


OUTER: dict[str, Rule] = {
    "request_type": one_of("async", "callback"),
    "callback_url": address,
    "provider": text(100, least=1),
    "input": is_object,
}
EVERY_MODE: dict[str, Rule] = {
    "mode": one_of(*TEXT_MODES, *IMAGE_MODES),
    "prompt": text(5000, least=1),
    "resolution": one_of("540p", "720p", "1080p"),
    "duration": whole(range(1, 17)),
    "movement": one_of("auto", "small", "medium", "large"),
    "sound": flag,
    "bgm": flag,
    "seed": whole(range(-1, MOST_SEED + 1)),
}
TEXT_ONLY: dict[str, Rule] = {
    "style": one_of("general", "anime"),
    "aspect_ratio": one_of("16:9", "9:16", "4:3", "3:4", "1:1"),
}
IMAGE_ONLY: dict[str, Rule] = {"image_urls": _one_or_two}
REQUIRED = ("mode", "prompt", "resolution", "duration")


def read(body: Order, salt: str) -> Order:
    """The judged order with its defaults; Wrong when a rule is broken."""
    is_rung = body.get("request_type") == "callback"
    check(body, OUTER, ("input", "callback_url") if is_rung else ("input",))
    given: Order = body["input"]
    _check_input(given)
    seed = given.get("seed", -1)
    return (
        _defaults(given)
        | given
        | {
            "seed": zlib.crc32(salt.encode()) % MOST_SEED + 1 if seed == -1 else seed,
            "model": "vidu-q3-turbo" if given["mode"].startswith("turbo-") else "vidu-q3",
            "callback_url": body["callback_url"] if is_rung else "",
            "provider": body.get("provider", "auto"),
        }
    )


def price(order: Order) -> int:
    """Thousandths of a dollar."""
    prices = TURBO_PRICES if order["mode"].startswith("turbo-") else PLAIN_PRICES
    return prices[order["resolution"]] * int(order["duration"])


def _check_input(given: Order) -> None:
    shows_images = given.get("mode") in IMAGE_MODES
    rules = EVERY_MODE | (IMAGE_ONLY if shows_images else TEXT_ONLY)
    required = (*REQUIRED, "image_urls") if shows_images else REQUIRED
    try:
        check(given, rules, required)
    except Wrong as wrong:
        raise Wrong(wrong.how, f"input.{wrong.name}") from wrong


def _defaults(given: Order) -> Order:
    """Without an aspect ratio the clip has that of its first picture."""
    ratio = "" if given["mode"] in IMAGE_MODES else "16:9"
    return {"aspect_ratio": ratio, "movement": "auto", "sound": True, "bgm": True}
