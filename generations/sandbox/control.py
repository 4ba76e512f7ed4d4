"""The control page and endpoints, by which a person or a test moves time and sets faults."""

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from generations.sandbox import page
from generations.sandbox.faults import Fault
from generations.sandbox.tasks import Task

from .context import Stage
from .faults import Words
from .http import (
    Answer,
    Refusal,
    Request,
    json_answer,
)
from .tasks import Counts

Announce = Callable[[Task, float], None]


class Control:
    """Answers / and what lies under /control/."""

    def __init__(self, stage: Stage, announce: Announce) -> None:
        self._stage = stage
        self._announce = announce
        self._routes: dict[tuple[str, str], Callable[[dict[str, Any]], Any]] = {
            ("POST", "advance"): self._advance,
            ("POST", "faults"): self._set_fault,
            ("POST", "expire"): self._expire,
            ("POST", "reset"): self._reset,
            ("GET", "requests"): self._requests,
            ("GET", "tasks"): self._tasks,
            ("GET", "callbacks"): self._callbacks,
            ("GET", "counts"): self._counts,
        }

    def answer(self, request: Request) -> Answer | None:
        if (request.method, request.path) == ("GET", "/"):
            html = page.render(self._stage, request.base_url)
            return Answer(200, html.encode(), "text/html; charset=utf-8")
        if not request.path.startswith("/control/"):
            return None
        try:
            return json_answer(self._act(request))
        except Refusal as refusal:
            return json_answer({"message": refusal.message}, refusal.status)

    def _act(self, request: Request) -> Any:
        name = request.path.removeprefix("/control/")
        if request.method == "POST" and name.startswith("fire/"):
            return self._fire(name.removeprefix("fire/"))
        act = self._routes.get((request.method, name))
        if act is None:
            raise Refusal(404, "NotFound", f"no {request.method} {request.path} here")
        return act(_fields(request))

    def _advance(self, fields: dict[str, Any]) -> Any:
        self._stage.clock.advance(_number(fields, "seconds"))
        self._stage.agenda.run_due()
        return {"now": self._stage.clock.now()}

    def _set_fault(self, fields: dict[str, Any]) -> Any:
        times = None if fields.get("times") is None else int(_number(fields, "times"))
        fault = Fault(Words.of(str(fields.get("words", ""))), fields.get("on", "any"), times)
        self._stage.faults.set(str(fields.get("key", "")), fault)
        return {"key": fields.get("key"), "words": fault.words.phrases}

    def _expire(self, _: dict[str, Any]) -> Any:
        self._stage.links.expire()
        return {}

    def _reset(self, _: dict[str, Any]) -> Any:
        self._stage.reset()
        return {}

    def _fire(self, number: str) -> Any:
        task = self._stage.studio.tasks.get(number)
        if task is None:
            raise Refusal(404, "NotFound", f"no task {number} here")
        self._announce(task, self._stage.clock.now())
        return {}

    def _requests(self, _: dict[str, Any]) -> Any:
        return [
            {
                "method": request.method,
                "path": request.path,
                "query": request.query,
                "headers": dict(request.headers),
                "body": request.body.decode(errors="replace"),
                "at": request.at,
            }
            for request in list(self._stage.requests)
        ]

    def _tasks(self, _: dict[str, Any]) -> Any:
        with self._stage.studio.lock:
            return [task.shown() for task in self._stage.studio.tasks.values()]

    def _callbacks(self, _: dict[str, Any]) -> Any:
        return [asdict(sent) for sent in list(self._stage.callbacks.sent)]

    def _counts(self, _: dict[str, Any]) -> Any:
        with self._stage.studio.lock:
            tasks = list(self._stage.studio.tasks.values())
        return asdict(Counts.of(tasks, list(self._stage.requests)))


def _fields(request: Request) -> dict[str, Any]:
    if not request.body:
        return {}
    try:
        fields = json.loads(request.body)
    except ValueError as error:
        raise Refusal(400, "BadRequest", f"the body is not JSON: {error}") from error
    if not isinstance(fields, dict):
        raise Refusal(400, "BadRequest", "the body is not an object")
    return fields


def _number(fields: dict[str, Any], name: str) -> float:
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refusal(400, "BadRequest", f"{name} must be a number")
    return value
