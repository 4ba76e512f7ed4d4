"""Counts what was made, so that a test can prove that nothing was ordered twice."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from generations.sandbox.tasks import Task
from generations.sandbox.wire import Request


@dataclass(frozen=True, slots=True)
class Counts:
    """Tasks made, in all and by what their orders said; requests by method and address."""

    creates: int
    by_key: dict[str, int]
    by_prompt: dict[str, int]
    by_payload: dict[str, int]
    requests: dict[str, int]

    @classmethod
    def of(cls, tasks: Iterable[Task], requests: Iterable[Request]) -> "Counts":
        made = list(tasks)
        return cls(
            creates=len(made),
            by_key=dict(Counter(task.key for task in made)),
            by_prompt=dict(Counter(task.order.get("prompt", "") for task in made)),
            by_payload=dict(Counter(task.order.get("payload", "") for task in made)),
            requests=dict(Counter(_name(request) for request in requests)),
        )


def _name(request: Request) -> str:
    path = re.sub(r"/\d+(?=/|$)", "/{id}", request.path)
    return f"{request.method} {path}"
