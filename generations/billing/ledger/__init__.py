"""The ledger: credits are held before an order leaves, and settled or released at its end."""

from .accounts import (
    Balance,
    InsufficientCredits,
    available,
    balances,
    lock,
    open_accounts,
)
from .balance import newest_entry, reconcile
from .entries import (
    adjust,
    correct,
    hold,
    is_cost_known,
    record_import,
    release,
    settle,
)
from .falls import CHARGE_DELAY
from .verify import verify

__all__ = [
    "CHARGE_DELAY",
    "Balance",
    "InsufficientCredits",
    "adjust",
    "available",
    "balances",
    "correct",
    "hold",
    "is_cost_known",
    "lock",
    "newest_entry",
    "open_accounts",
    "reconcile",
    "record_import",
    "release",
    "settle",
    "verify",
]
