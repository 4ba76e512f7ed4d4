"""Counts the POSTs of each order as they come, also those that no provider saw."""

import json
import threading
from collections import Counter
from collections.abc import Mapping
from typing import Any

from .http import Request

# What tells orders apart, the surest first. The prompt is the last: people order it again.
REFERENCES = ("payload", "callback_url", "callbackUrl", "prompt")


class PostCounts:
    """The counts by the reference of an order."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    def count(self, request: Request) -> None:
        """Count a request, if it is an order."""
        reference = self.reference_of(_members(request.body)) if request.method == "POST" else ""
        if reference:
            with self._lock:
                self._counts[reference] += 1

    def counts(self) -> Counter[str]:
        with self._lock:
            return self._counts.copy()

    def clear(self) -> None:
        with self._lock:
            self._counts.clear()

    @staticmethod
    def reference_of(order: Mapping[str, Any]) -> str:
        """The reference of an order; "" if it has none."""
        given = (order.get(name) for name in REFERENCES)
        return next((str(each) for each in given if each), "")


def _members(body: bytes) -> dict[str, Any]:
    """The members of an order, those in `input` or `params` too."""
    try:
        order = json.loads(body)
    except ValueError:
        return {}
    if not isinstance(order, dict):
        return {}
    nested = [order[name] for name in ("input", "params") if isinstance(order.get(name), dict)]
    return {name: value for each in (*nested, order) for name, value in each.items()}
