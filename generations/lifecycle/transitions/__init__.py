"""The only place that changes a task once it is ordered (design 4).

Every change is one transaction that begins with the team's sequence (which also sets the order of
locks: team, task, accounts) and moves the row by a conditional UPDATE: of ten callers that come
late, twice or out of order, one finds the old state and the others change nothing.
"""

from .alarms import (
    UNCLEAR_TOO_LONG,
    at_risk,
    link_died,
    unclear_too_long,
)
from .binning import binned, emptied, unbinned
from .decisions import (
    doubted,
    fetched_anew,
    given_up,
    look_soon,
    not_cancelled,
    reopened,
    withdrawn,
)
from .files import is_of_tree, tree_links
from .move import backoff, shown
from .parts import tree_due
from .report import (
    DEADLINE,
    is_news,
    is_ours,
    link_of,
    looked,
    not_answered,
    reported,
)
from .submission import (
    SHORT_WAIT,
    about_to_send,
    accepted,
    claimed,
    delayed,
    held_back,
    key_refused,
    never_left,
    overdue,
    put_back,
    refused,
    unclear,
)

__all__ = [
    "DEADLINE",
    "SHORT_WAIT",
    "UNCLEAR_TOO_LONG",
    "about_to_send",
    "accepted",
    "at_risk",
    "backoff",
    "binned",
    "claimed",
    "delayed",
    "doubted",
    "emptied",
    "fetched_anew",
    "given_up",
    "held_back",
    "is_news",
    "is_of_tree",
    "is_ours",
    "key_refused",
    "link_died",
    "link_of",
    "look_soon",
    "looked",
    "never_left",
    "not_answered",
    "not_cancelled",
    "overdue",
    "put_back",
    "refused",
    "reopened",
    "reported",
    "shown",
    "tree_due",
    "tree_links",
    "unbinned",
    "unclear",
    "unclear_too_long",
    "withdrawn",
]
