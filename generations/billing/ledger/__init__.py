"""The ledger: credits are held before an order leaves, and settled or released at its end."""

from .accounts import (
    Balance,
    InsufficientCredits,
    available,
    balances,
    lock,
    open_accounts,
)
from .entries import (
    adjust,
    correct,
    hold,
    newest_entry,
    reconcile,
    record_import,
    release,
    settle,
)
from .verify import verify

__all__ = [
    "Balance",
    "InsufficientCredits",
    "adjust",
    "available",
    "balances",
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
