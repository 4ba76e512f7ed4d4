"""The list of tasks: its filters and its pages (https://platform.vidu.com/docs/tasks-list).

docs/wire.md, 2.8 names the parameters. Vidu's pages spell the prefix of the page's size and index
`paper` and `pager`; both are read.
"""

from dataclasses import dataclass
from datetime import datetime

from generations.sandbox.http import ApiError, Request
from generations.sandbox.tasks import SandboxTask

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
        "resolutions": task.order["resolution"],
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
