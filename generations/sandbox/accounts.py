"""Keys and the account behind each: what a key may do is written in the key itself.

| key | account |
|---|---|
| `sandbox-…` | known; 100,000 units, 5 slots (APIXO: 10) |
| contains `bad`, or anything else | unknown |
| `sandbox-forbidden…` | known, not allowed |
| `sandbox-broke…` | nothing left |
| `sandbox-broke400…` | the same, said with 400 instead of 402 (APIXO) |
| `sandbox-few…` | 100 units |
| `sandbox-busy…` | every create is throttled |
| `sandbox-quota…` | refuses a task over its slots instead of queueing it |
| contains `params` | orders carry their fields in `params` (Vivienne) |
| contains `slots20` | 20 slots |
| contains `rate600` | 600 requests a minute (APIXO) |

A unit is what the provider counts in: a credit, a point, or a thousandth of a dollar.
"""

import re
from collections import deque
from dataclasses import dataclass, field

UNITS = 100_000
SLOTS = 5
MOST_SLOTS = {"apixo": 10}
REQUESTS_PER_MINUTE = 60
DEMO_KEYS = {
    "vidu": "sandbox-studio",
    "relay": "sandbox-relay",
    "vivienne": "sandbox-vivienne",
    "apixo": "sandbox-apixo",
}


@dataclass(slots=True)
class Account:
    """`calls` are the times of the last minute's requests, where they are counted."""

    key: str
    credits: int
    slots: int
    requests_per_minute: int = REQUESTS_PER_MINUTE
    calls: deque[float] = field(default_factory=deque)

    @property
    def forbidden(self) -> bool:
        return self.key.startswith("sandbox-forbidden")

    @property
    def busy(self) -> bool:
        return self.key.startswith("sandbox-busy")

    @property
    def refuses_over_slots(self) -> bool:
        return self.key.startswith("sandbox-quota")

    def may_call(self, now: float) -> bool:
        """Count a request; False when it is one too many in the last 60 seconds."""
        while self.calls and self.calls[0] <= now - 60:
            self.calls.popleft()
        if len(self.calls) >= self.requests_per_minute:
            return False
        self.calls.append(now)
        return True


def is_known(key: str) -> bool:
    return key.startswith("sandbox-") and "bad" not in key


def purse(dialect: str, key: str) -> str:
    """The name of the account behind a key; one key at two providers opens two accounts."""
    return key if dialect == "vidu" else f"{dialect} {key}"


def open_account(purse: str) -> Account:
    dialect, key = purse.split(" ", 1) if not purse.startswith("sandbox-") else ("vidu", purse)
    return Account(
        key,
        _first_units(key),
        _number(key, "slots", MOST_SLOTS.get(dialect, SLOTS)),
        _number(key, "rate", REQUESTS_PER_MINUTE),
    )


def _first_units(key: str) -> int:
    if key.startswith("sandbox-broke"):
        return 0
    return 100 if key.startswith("sandbox-few") else UNITS


def _number(key: str, name: str, default: int) -> int:
    found = re.search(rf"{name}(\d+)", key)
    return int(found[1]) if found else default
