"""Statements of providers: read as CSV, matched by remote id, and decided by people."""

from .claims import Decided, UnderWay, accept, dispute
from .imports import ImportResult, Preview, discard, draft, import_lines, preview
from .tables import MOST_BYTES, PARTS, Charge, Table, Unread, Unreadable

__all__ = [
    "MOST_BYTES",
    "PARTS",
    "Charge",
    "Decided",
    "ImportResult",
    "Preview",
    "Table",
    "UnderWay",
    "Unread",
    "Unreadable",
    "accept",
    "discard",
    "dispute",
    "draft",
    "import_lines",
    "preview",
]
