"""The Vidu dialect: clips of four kinds, ad films, one task, the list, cancel and credits.

From https://platform.vidu.com/docs and the text of the ad film page; where they differ: links live
one hour, a sixth task waits as `queueing`, `credits` is a number, cancelling ends a task as
`failed` with UserCancelled, and a body over 20 MB is answered with 413.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from generations.sandbox.context import Stage
from generations.sandbox.faults import Words
from generations.sandbox.http import (
    Answer,
    Refusal,
    Request,
    json_answer,
)
from generations.sandbox.tasks import Task

from . import replies, rules
from .film_plan import FILM
from .films import Films
from .models import (
    REFERENCE,
    START,
    START_END,
    TEXT,
)
from .orders import DIALECT, Asked, Orders

MOST_BODY = 20 * 1024 * 1024
TASK_ADDRESS = re.compile(r"/ent/v2/tasks/([^/]+)/(creations|cancel)")
# The endpoints for clips, and what replies call their tasks.
TYPES = {
    TEXT: "text2video",
    START: "img2video",
    START_END: "headtailimg2video",
    REFERENCE: "character2video",
}


class Vidu:
    """Answers what lies under /ent/v2."""

    name = DIALECT

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._orders = Orders(stage)
        self._films = Films(stage, self._orders)

    def answer(self, request: Request) -> Answer | None:
        """None when the address is not Vidu's."""
        if not request.path.startswith("/ent/v2/"):
            return None
        try:
            return self._route(request)
        except Refusal as refusal:
            return replies.error_answer(refusal)

    def announce(self, task: Task, at: float) -> None:
        """Tell the callback address of a new state; a film that is done has its records first."""
        if task.state not in ("processing", "success", "failed"):
            return
        if (task.kind, task.state) == (FILM, "success"):
            self._films.open(task)
        words = task.words.under("callback")
        late = words.number("late", 30) if words.after("late") is not None else 0.0
        letters = replies.letters(task, replies.describe(self._stage, task, task.base_url, at))
        self._stage.callbacks.send_at(at + late, *letters)

    def _route(self, request: Request) -> Answer:
        if request.size > MOST_BODY:
            raise Refusal(413, "BadRequest", "the body is larger than 20 MB")
        match = TASK_ADDRESS.fullmatch(request.path)
        if match is not None:
            return self._route_task(request, match[1], match[2])
        if (answer := self._films.answer(request)) is not None:
            return answer
        kind = request.path.removeprefix("/ent/v2/")
        if request.method == "POST" and kind in TYPES:
            return self._create(request, self._orders.key(request), kind)
        routes: dict[tuple[str, str], Callable[[Request, str], Answer]] = {
            ("GET", "tasks"): self._list,
            ("GET", "credits"): self._credits,
        }
        route = routes.get((request.method, kind))
        if route is None:
            raise Refusal(404, "NotFound", f"no {request.method} {request.path} here")
        key = self._orders.key(request)
        words = self._stage.faults.take(key, "query")
        return self._orders.exchange(words, lambda: route(request, key))

    def _route_task(self, request: Request, number: str, what: str) -> Answer:
        replies.check_number(number)
        task = self._orders.find(number, self._orders.key(request))
        if (request.method, what) == ("GET", "creations"):
            return self._orders.query(task, "query", lambda: self._seen(request, task))
        if (request.method, what) == ("POST", "cancel"):
            return self._cancel(request, task)
        raise Refusal(404, "NotFound", f"no {request.method} {request.path} here")

    def _create(self, request: Request, key: str, kind: str) -> Answer:
        number = self._orders.new_number()
        order = rules.read_order(kind, request.body, number)
        words, price = Words.of(order["prompt"]), rules.price(kind, order)
        asked = Asked(request, key, number, TYPES[kind], order, price, words)
        return self._orders.take(asked, replies.create_reply)

    def _seen(self, request: Request, task: Task) -> dict[str, Any]:
        body = replies.describe(self._stage, task, request.base_url, self._stage.clock.now())
        success = body["state"] == "success"
        if success and "empty creations" in task.words and task.once("empty creations"):
            body["creations"] = []
        if "unknown word" in task.words and not success and task.once("unknown word"):
            body["state"] = "rendering"
        return body

    def _cancel(self, request: Request, task: Task) -> Answer:
        given = rules.read_object(request.body).get("id")
        if given is None:
            raise Refusal(400, "FieldLacking", "id is required")
        if given != task.id:
            raise Refusal(400, "FieldInvalid", "id is not the one of the address")
        words = self._stage.faults.take(task.key, "query")
        return self._orders.exchange(words, lambda: self._cancelled(task))

    def _cancelled(self, task: Task) -> Answer:
        if not self._stage.studio.cancel(task, self._stage.clock.now()):
            raise Refusal(400, "BadRequest", "task state is scheduled, can not cancel")
        return json_answer({})

    def _list(self, request: Request, key: str) -> Answer:
        with self._stage.studio.lock:
            tasks = self._stage.studio.tasks.values()
            own = [
                task
                for task in tasks
                if (task.dialect, task.key, task.part_of) == (self.name, key, "")
            ]
        shown = page(request, own, self._stage.clock.now())
        rows = [replies.list_row(self._stage, task, request.base_url) for task in shown.tasks]
        return json_answer({"next_page_token": shown.next_token, "tasks": rows})

    def _credits(self, request: Request, key: str) -> Answer:
        studio = self._stage.studio
        account = studio.account(key)
        remains = {
            "type": "metered",
            "credit_remain": account.credits,
            "concurrency_limit": account.slots,
            "current_concurrency": len(studio.running(key)),
            "queue_count": len(studio.queued(key)),
        }
        return json_answer({"remains": [remains], "packages": []})


WEEK = 7 * 86_400
MOST_ROWS = 100


@dataclass(frozen=True, slots=True)
class Page:
    tasks: list[Task]
    next_token: str


def page(request: Request, tasks: list[Task], now: float) -> Page:
    """The asked page of the tasks that the filters let through, newest first."""
    chosen = sorted(
        (task for task in tasks if _passes(request, task, now)), key=lambda task: -int(task.id)
    )
    size = _number(request, "pagesz", 10)
    if not 1 <= size <= MOST_ROWS:
        raise Refusal(400, "FieldInvalid", "paper.pagesz is invalid")
    token = request.value("pager.page_token")
    start = int(token) if token.isdecimal() else _number(request, "page", 0) * size
    stop = start + size
    return Page(chosen[start:stop], str(stop) if stop < len(chosen) else "")


def _passes(request: Request, task: Task, now: float) -> bool:
    wanted = {
        "task_ids": task.id,
        "states": task.state,
        "resolutions": task.order["resolution"],
        "model_versions": task.order.get("model", "").removeprefix("vidu"),
        "templates": "",
    }
    if any(value not in (request.values(name) or [value]) for name, value in wanted.items()):
        return False
    first = _moment(request, "created_at.from", now - WEEK)
    last = _moment(request, "created_at.to", now + 1)
    return first <= task.created_at <= last and "list missing" not in task.words


def _number(request: Request, name: str, default: int) -> int:
    """A number of the pager, whose prefix the documents spell in two ways."""
    text = request.value(f"paper.{name}") or request.value(f"pager.{name}")
    if text and not text.isdecimal():
        raise Refusal(400, "FieldInvalid", f"paper.{name} is invalid")
    return int(text) if text else default


def _moment(request: Request, name: str, default: float) -> float:
    text = request.value(name)
    if not text:
        return default
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError as error:
        raise Refusal(400, "FieldInvalid", f"{name} is invalid") from error
