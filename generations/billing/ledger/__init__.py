"""Credits: held before an order leaves, settled or released once its end is known (design 7)."""

from .accounts import (
    Balance,
    Short,
    balances,
    left,
    lock,
    newest_entry,
    open_accounts,
)
from .caps import Capped, room
from .entries import (
    adjust,
    adopt,
    correct,
    hold,
    reconcile,
    release,
    settle,
)
from .verify import verify

__all__ = [
    "Balance",
    "Capped",
    "Short",
    "adjust",
    "adopt",
    "balances",
    "correct",
    "hold",
    "left",
    "lock",
    "newest_entry",
    "open_accounts",
    "reconcile",
    "release",
    "room",
    "settle",
    "verify",
]
