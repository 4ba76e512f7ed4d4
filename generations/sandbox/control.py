"""The control endpoints, by which a person or a test moves the clock and sets faults."""

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from . import page
from .context import Context
from .counts import Counts
from .directives import Directives
from .faults import KeyFault
from .http import ApiError, Request, Response, json_response
from .tasks import SandboxTask

Body = dict[str, Any]


class Control:
    """Responds at / with the page, and under /control/ with JSON."""

    def __init__(self, context: Context, announce: Callable[[SandboxTask, float], None]) -> None:
        self._context = context
        self._announce = announce
        self._routes: dict[tuple[str, str], Callable[[Body], Any]] = {
            ("POST", "advance"): self._advance,
            ("POST", "faults"): self._set_fault,
            ("POST", "expire"): self._expire_links,
            ("POST", "reset"): self._reset,
            ("GET", "requests"): self._requests,
            ("GET", "tasks"): self._tasks,
            ("GET", "callbacks"): self._callbacks,
            ("GET", "counts"): self._counts,
        }

    def respond(self, request: Request) -> Response | None:
        """None if the path belongs to another."""
        if (request.method, request.path) == ("GET", "/"):
            html = page.render(self._context, request.base_url)
            return Response(200, html.encode(), "text/html; charset=utf-8")
        if not request.path.startswith("/control/"):
            return None
        try:
            return json_response(self._route(request))
        except ApiError as error:
            return json_response({"message": error.message}, error.status)

    def _route(self, request: Request) -> Any:
        name = request.path.removeprefix("/control/")
        if request.method == "POST" and name.startswith("fire/"):
            return self._fire_callback(name.removeprefix("fire/"))
        action = self._routes.get((request.method, name))
        if action is None:
            raise ApiError(404, "NotFound", f"no {request.method} {request.path} here")
        return action(_read_body(request))

    def _advance(self, body: Body) -> Any:
        self._context.clock.advance(_read_number(body, "seconds"))
        self._context.scheduler.run_due()
        return {"now": self._context.clock.now()}

    def _set_fault(self, body: Body) -> Any:
        times = None if body.get("times") is None else int(_read_number(body, "times"))
        directives = Directives.parse(str(body.get("words", "")))
        fault = KeyFault(directives, body.get("on", "any"), times)
        self._context.faults.set(str(body.get("key", "")), fault)
        return {"key": body.get("key"), "words": directives.phrases}

    def _expire_links(self, _: Body) -> Any:
        self._context.links.expire()
        return {}

    def _reset(self, _: Body) -> Any:
        self._context.reset()
        return {}

    def _fire_callback(self, task_id: str) -> Any:
        task = self._context.engine.tasks.get(task_id)
        if task is None:
            raise ApiError(404, "NotFound", f"no task {task_id} here")
        self._announce(task, self._context.clock.now())
        return {}

    def _requests(self, _: Body) -> Any:
        return [
            {
                "method": request.method,
                "path": request.path,
                "query": request.query,
                "headers": dict(request.headers),
                "body": request.body.decode(errors="replace"),
                "at": request.at,
            }
            for request in list(self._context.requests)
        ]

    def _tasks(self, _: Body) -> Any:
        with self._context.engine.lock:
            return [task.to_json() for task in self._context.engine.tasks.values()]

    def _callbacks(self, _: Body) -> Any:
        return [asdict(attempt) for attempt in list(self._context.callbacks.attempts)]

    def _counts(self, _: Body) -> Any:
        with self._context.engine.lock:
            tasks = list(self._context.engine.tasks.values())
        return asdict(Counts.of(tasks, list(self._context.requests)))


def _read_body(request: Request) -> Body:
    if not request.body:
        return {}
    try:
        body = json.loads(request.body)
    except ValueError as error:
        raise ApiError(400, "BadRequest", f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise ApiError(400, "BadRequest", "the body is not an object")
    return body


def _read_number(body: Body, name: str) -> float:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ApiError(400, "BadRequest", f"{name} must be a number")
    return value
