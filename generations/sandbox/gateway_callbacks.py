"""Callbacks of the gateways, whose headers prove nothing, and how words bend them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from generations.sandbox.callbacks import Letter
from generations.sandbox.tasks import Task

PADDING = "0" * (3 * 1024 * 1024)
Body = dict[str, Any]
Write = Callable[[Task], Body]


def letters(task: Task, write: Write, delays: tuple[float, ...], timeout: float) -> list[Letter]:
    """The letters that tell of the task's state; none when the task wants none.

    `write` makes the body for a task, true or not; only final states are tried again.
    """
    words, url = task.words.under("callback"), task.order["callback_url"]
    is_turned = "out of order" in words
    if not url or "never" in words or (is_turned and not task.is_final):
        return []

    def letter(told: Task) -> Letter:
        body = write(told) | ({"padding": PADDING} if "oversized" in words else {})
        return Letter(
            task.id, url, body, _no_headers, told.is_final, delays=delays, timeout=timeout
        )

    first = letter(_contradicted(task) if "contradicting" in words else task)
    copies = [first] * (5 if "five times" in words else 1)
    if is_turned:
        copies.append(letter(replace(task, state="processing")))
    return [*copies, first] if "duplicate" in words else copies


def _contradicted(task: Task) -> Task:
    if task.state == "success":
        return replace(task, state="failed", err_code="CreationPolicyViolation")
    return replace(task, state="success", err_code="", ended_at=task.created_at)


def _no_headers(_: float) -> dict[str, str]:
    return {}
