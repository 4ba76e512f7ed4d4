"""Counts what was made, so that a test can prove that nothing was ordered twice."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from generations.sandbox.tasks import Task
from generations.sandbox.wire import Request

# A task's number as each dialect writes it.
NUMBER = re.compile(r"/(?:task_)?(?:\d+|[0-9a-f]{32})(?=/|$)")


@dataclass(frozen=True, slots=True)
class Counts:
    """Tasks made, in all and by what their orders said; requests by method and address.

    An order that cannot have a payload is not counted by it. The records that a film brings with it
    were not ordered and are not counted.
    """

    creates: int
    by_dialect: dict[str, int]
    by_key: dict[str, int]
    by_prompt: dict[str, int]
    by_payload: dict[str, int]
    by_callback: dict[str, int]
    requests: dict[str, int]

    @classmethod
    def of(cls, tasks: Iterable[Task], requests: Iterable[Request]) -> "Counts":
        made = [task for task in tasks if not task.part_of]
        return cls(
            creates=len(made),
            by_dialect=dict(Counter(task.dialect for task in made)),
            by_key=dict(Counter(task.key for task in made)),
            by_prompt=dict(Counter(task.order.get("prompt", "") for task in made)),
            by_payload=_by(made, "payload"),
            by_callback=_by(made, "callback_url"),
            requests=dict(Counter(_name(request) for request in requests)),
        )


def _by(tasks: list[Task], field: str) -> dict[str, int]:
    return dict(Counter(task.order[field] for task in tasks if field in task.order))


def _name(request: Request) -> str:
    return f"{request.method} {NUMBER.sub('/{id}', request.path)}"
