"""Statements of providers: read whatever their form, matched by number, and decided by people."""

from .decisions import (
    Decided,
    UnderWay,
    accept,
    dispute,
)
from .imports import (
    Preview,
    Taken,
    discard,
    draft,
    preview,
    take_in,
)
from .lines import Charge, Unread
from .parse import (
    MOST_BYTES,
    PARTS,
    Table,
    Unreadable,
)

__all__ = [
    "MOST_BYTES",
    "PARTS",
    "Charge",
    "Decided",
    "Preview",
    "Table",
    "Taken",
    "UnderWay",
    "Unread",
    "Unreadable",
    "accept",
    "discard",
    "dispute",
    "draft",
    "preview",
    "take_in",
]
