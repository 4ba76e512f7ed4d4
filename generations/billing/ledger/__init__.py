"""The ledger: credits are held before an order leaves, and settled or released at its end."""

from .accounts import (
    Balance,
    InsufficientCredits,
    available,
    balances,
    lock,
    newest_entry,
    open_accounts,
)
from .caps import CapExceeded, cap_remaining
from .entries import (
    adjust,
    correct,
    hold,
    reconcile,
    record_import,
    release,
    settle,
)
from .verify import verify

__all__ = [
    "Balance",
    "CapExceeded",
    "InsufficientCredits",
    "adjust",
    "available",
    "balances",
    "cap_remaining",
    "correct",
    "hold",
    "lock",
    "newest_entry",
    "open_accounts",
    "reconcile",
    "record_import",
    "release",
    "settle",
    "verify",
]
