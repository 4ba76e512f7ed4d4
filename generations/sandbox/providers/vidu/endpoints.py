"""Vidu: clips of four kinds, one task, the list, cancel and credits; and its other endpoints.

The endpoints are those of docs/wire.md, 2.2. Where its sources differ: links live one hour, a sixth
task waits as `queueing`, `credits` is a number, a cancelled task ends as `failed` with
UserCancelled, and a body over 20 MB is answered with 413. The list has the filters and pages of
2.8; Vidu's pages spell the prefix of the page's size and index `paper` and `pager`, and both are
read.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from generations.sandbox.context import Context
from generations.sandbox.directives import Directives
from generations.sandbox.http import ApiError, Request, Response, json_response
from generations.sandbox.pictures import OrderPicture
from generations.sandbox.tasks import SandboxTask

from . import replies, rules
from .callbacks import callbacks_of
from .elsewhere import MadeElsewhere
from .film_plan import FILM
from .films import ViduFilms
from .kinds import MUSIC_VIDEO, NO_TASKS
from .models import REFERENCE, START, START_END, TEXT
from .orders import DIALECT, CheckedOrder, ViduOrders
from .rules import with_pictures
from .siblings import ViduSiblings
from .subjects import ViduSubjects

MAX_BODY = 20 * 1024 * 1024
TASK_ADDRESS = re.compile(r"/ent/v2/tasks/([^/]+)/(creations|cancel)")
# The endpoints for clips, and the `type` that replies have for each (docs/wire.md, 2.6).
TYPES = {
    TEXT: "text2video",
    START: "img2video",
    START_END: "headtailimg2video",
    REFERENCE: "character2video",
}


class ViduEndpoints:
    """Answers what is under /ent/v2."""

    name = DIALECT

    def __init__(self, context: Context) -> None:
        self._context = context
        self._orders = ViduOrders(context)
        self._films = ViduFilms(context, self._orders)
        self._subjects = ViduSubjects(context, self._orders)
        self.elsewhere = MadeElsewhere(context, self._orders)
        siblings = ViduSiblings(context, self._orders)
        # The first that knows the address of a request answers it.
        self._responders: tuple[Callable[[Request], Response | None], ...] = (
            self._films.respond,
            siblings.respond,
            self._subjects.respond,
            self.elsewhere.respond,
        )

    def respond(self, request: Request) -> Response | None:
        """None when the address is not Vidu's."""
        if not request.path.startswith("/ent/v2/"):
            return None
        try:
            return self._route(request)
        except ApiError as error:
            return json_response(replies.error_body(error), error.status)

    def announce(self, task: SandboxTask, at: float) -> None:
        """Report a new state to the callback address; a finished film gets its records first."""
        if task.state not in ("processing", "success", "failed"):
            return
        if (task.kind, task.state) == (FILM, "success"):
            self._films.add_first_records(task)
        if (task.kind, task.state) == (MUSIC_VIDEO, "success"):
            self.elsewhere.add_shots(task)
        directives = task.directives.scoped("callback")
        is_late = directives.argument("late") is not None
        delay = directives.numeric_argument("late", 30) if is_late else 0.0
        body = replies.query_reply(self._context, task, task.base_url, at)
        manners = self._context.manners
        sent = (manners.callback(task, callback) for callback in callbacks_of(task, body))
        self._context.callbacks.send_at(at + delay, *sent)

    def _route(self, request: Request) -> Response:
        if request.size > MAX_BODY:
            raise ApiError(413, "BadRequest", "the body is larger than 20 MB")
        match = TASK_ADDRESS.fullmatch(request.path)
        if match is not None:
            return self._route_task(request, match[1], match[2])
        for responder in self._responders:
            if (response := responder(request)) is not None:
                return response
        name = request.path.removeprefix("/ent/v2/")
        if request.method == "POST" and name in TYPES:
            return self._create(request, self._orders.api_key(request), name)
        routes: dict[tuple[str, str], Callable[[Request, str], Response]] = {
            ("GET", "tasks"): self._list,
            ("GET", "credits"): self._credits,
        }
        route = routes.get((request.method, name))
        if route is None:
            raise ApiError(404, "NotFound", f"no {request.method} {request.path} here")
        key = self._orders.api_key(request)
        directives = self._context.faults.consume(key, "query")
        return self._orders.exchange(directives, lambda: route(request, key))

    def _route_task(self, request: Request, task_id: str, action: str) -> Response:
        task_id = self._orders.checked_id(task_id)
        task = self._orders.find_task(task_id, self._orders.api_key(request))
        if task.kind in NO_TASKS or "only in reply" in task.directives:
            raise ApiError(404, "TaskNotFound", f"task {task_id} not found")
        if (request.method, action) == ("GET", "creations"):
            return self._orders.answer_query(
                request, task, "query", lambda: self._task(request, task)
            )
        if (request.method, action) == ("POST", "cancel"):
            return self._cancel(request, task)
        raise ApiError(404, "NotFound", f"no {request.method} {request.path} here")

    def _create(self, request: Request, key: str, kind: str) -> Response:
        task_id = self._orders.new_id()
        order = rules.read_order(kind, request.body, task_id)
        order = with_pictures(kind, order, partial(self._kept_pictures, key))
        directives, price = Directives.parse(order["prompt"]), rules.price(kind, order)
        checked = CheckedOrder(request, key, task_id, TYPES[kind], order, price, directives)
        return self._orders.accept(checked, replies.create_reply)

    def _kept_pictures(self, key: str, subject_id: str) -> tuple[OrderPicture, ...]:
        """The pictures of a subject that this account keeps."""
        kept: tuple[OrderPicture, ...] = self._subjects.find(key, subject_id).order["pictures"]
        return kept

    def _task(self, request: Request, task: SandboxTask) -> dict[str, Any]:
        now = self._context.clock.now()
        body = replies.query_reply(self._context, task, request.base_url, now)
        is_success = body["state"] == "success"
        if is_success and "empty creations" in task.directives and task.use_once("empty creations"):
            body["creations"] = []
        if not is_success and "unknown word" in task.directives and task.use_once("unknown word"):
            body["state"] = "rendering"
        return body

    def _cancel(self, request: Request, task: SandboxTask) -> Response:
        task_id = rules.read_object(request.body).get("id")
        if task_id is None:
            raise ApiError(400, "FieldLacking", "id is required")
        if task_id != task.remote_id:
            raise ApiError(400, "FieldInvalid", "id is not the one of the address")
        directives = self._context.faults.consume(task.key, "query")
        return self._orders.exchange(directives, lambda: self._cancel_task(task))

    def _cancel_task(self, task: SandboxTask) -> Response:
        if not self._context.engine.cancel(task, self._context.clock.now()):
            raise ApiError(400, "BadRequest", "task state is scheduled, can not cancel")
        return json_response({})

    def _list(self, request: Request, key: str) -> Response:
        with self._context.engine.lock:
            tasks = list(self._context.engine.tasks.values())
        # Records that came with a film were not ordered, so the list does not have them.
        ordered = [
            task
            for task in tasks
            if (task.dialect, task.key, task.part_of) == (self.name, key, "")
            and task.kind not in NO_TASKS
        ]
        page = page_of(request, ordered, self._context.clock.now())
        rows = [replies.list_row(self._context, task, request.base_url) for task in page.tasks]
        return json_response({"next_page_token": page.next_token, "tasks": rows})

    def _credits(self, request: Request, key: str) -> Response:
        engine = self._context.engine
        account = engine.account(key)
        remains = {
            "type": "metered",
            "credit_remain": account.credits,
            "concurrency_limit": account.slots,
            "current_concurrency": len(engine.running(key)),
            "queue_count": len(engine.queued(key)),
        }
        return json_response({"remains": [remains], "packages": []})


# ---- The list -------------------------------------------------------------------------------

WEEK_SECONDS = 7 * 86_400
MAX_ROWS = 100


@dataclass(frozen=True, slots=True)
class TaskPage:
    """One page of the list; `next_token` is empty on the last one."""

    tasks: list[SandboxTask]
    next_token: str


def page_of(request: Request, tasks: list[SandboxTask], now: float) -> TaskPage:
    """The page that was asked for, of the tasks that pass the filters, newest first."""
    chosen = sorted(
        (task for task in tasks if _passes(request, task, now)), key=lambda task: -int(task.id)
    )
    size = _pager_value(request, "pagesz", 10)
    if not 1 <= size <= MAX_ROWS:
        raise ApiError(400, "FieldInvalid", "paper.pagesz is invalid")
    token = request.value("pager.page_token")
    start = int(token) if token.isdecimal() else _pager_value(request, "page", 0) * size
    stop = start + size
    return TaskPage(chosen[start:stop], str(stop) if stop < len(chosen) else "")


def _passes(request: Request, task: SandboxTask, now: float) -> bool:
    values = {
        "task_ids": task.id,
        "states": task.state,
        "resolutions": task.order.get("resolution", ""),
        "model_versions": task.order.get("model", "").removeprefix("vidu"),
        "templates": "",
    }
    if any(value not in (request.values(name) or [value]) for name, value in values.items()):
        return False
    first = _time(request, "created_at.from", now - WEEK_SECONDS)
    last = _time(request, "created_at.to", now + 1)
    return first <= task.created_at <= last and "list missing" not in task.directives


def _pager_value(request: Request, name: str, default: int) -> int:
    text = request.value(f"paper.{name}") or request.value(f"pager.{name}")
    if text and not text.isdecimal():
        raise ApiError(400, "FieldInvalid", f"paper.{name} is invalid")
    return int(text) if text else default


def _time(request: Request, name: str, default: float) -> float:
    text = request.value(name)
    if not text:
        return default
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError as error:
        raise ApiError(400, "FieldInvalid", f"{name} is invalid") from error
