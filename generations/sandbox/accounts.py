"""Keys and the account behind each: what a key may do is written in the key itself.

| key | account |
|---|---|
| `sandbox-…` | known; 100,000 credits, 5 slots |
| contains `bad`, or anything else | unknown |
| `sandbox-forbidden…` | known, not allowed |
| `sandbox-broke…` | no credits |
| `sandbox-few…` | 100 credits |
| `sandbox-busy…` | every create is throttled |
| `sandbox-quota…` | refuses a task over its slots instead of queueing it |
| contains `slots20` | 20 slots |
"""

import re
from dataclasses import dataclass

CREDITS = 100_000
SLOTS = 5


@dataclass(slots=True)
class Account:
    key: str
    credits: int
    slots: int

    @property
    def forbidden(self) -> bool:
        return self.key.startswith("sandbox-forbidden")

    @property
    def busy(self) -> bool:
        return self.key.startswith("sandbox-busy")

    @property
    def refuses_over_slots(self) -> bool:
        return self.key.startswith("sandbox-quota")


def is_known(key: str) -> bool:
    return key.startswith("sandbox-") and "bad" not in key


def open_account(key: str) -> Account:
    slots = re.search(r"slots(\d+)", key)
    return Account(key, _first_credits(key), int(slots[1]) if slots else SLOTS)


def _first_credits(key: str) -> int:
    if key.startswith("sandbox-broke"):
        return 0
    return 100 if key.startswith("sandbox-few") else CREDITS
