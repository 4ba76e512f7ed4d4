"""The filters and pages of Vidu's task list (https://platform.vidu.com/docs/tasks-list)."""

from dataclasses import dataclass
from datetime import datetime

from generations.sandbox.tasks import Task
from generations.sandbox.wire import Refusal, Request

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
