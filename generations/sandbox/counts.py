"""Counts what was created and asked, so that a test can prove that nothing was ordered twice."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from .http import Request
from .tasks import SandboxTask

# The id of a task in a path, as each dialect writes it.
TASK_ID = re.compile(r"/(?:task_)?(?:\d+|[0-9a-f]{32})(?=/|$)")


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts of tasks, in all and by a field of their orders, and of requests by method and path.

    The records that a film brings with it were not ordered and are not counted. An order of a
    dialect that has no payload is not in `by_payload`.
    """

    creates: int
    by_dialect: dict[str, int]
    by_key: dict[str, int]
    by_prompt: dict[str, int]
    by_payload: dict[str, int]
    by_callback: dict[str, int]
    requests: dict[str, int]

    @classmethod
    def of(cls, tasks: Iterable[SandboxTask], requests: Iterable[Request]) -> "Counts":
        ordered = [task for task in tasks if not task.part_of]
        return cls(
            creates=len(ordered),
            by_dialect=dict(Counter(task.dialect for task in ordered)),
            by_key=dict(Counter(task.key for task in ordered)),
            by_prompt=dict(Counter(task.order.get("prompt", "") for task in ordered)),
            by_payload=_by_field(ordered, "payload"),
            by_callback=_by_field(ordered, "callback_url"),
            requests=dict(Counter(_name(request) for request in requests)),
        )


def _by_field(tasks: list[SandboxTask], name: str) -> dict[str, int]:
    return dict(Counter(task.order[name] for task in tasks if name in task.order))


def _name(request: Request) -> str:
    return f"{request.method} {TASK_ID.sub('/{id}', request.path)}"
