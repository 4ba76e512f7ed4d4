"""The only place that changes a task or an attempt after it was ordered or imported.

Every transition is one transaction. It first increments the team's sequence, which also sets the
order of locks (team, task, accounts), then moves the row by a conditional UPDATE: of ten callers
that come late, twice or out of order, one finds the old state and the others change nothing. A
change that somebody may want to hear of writes its event in the same transaction.

``submission`` brings an order to the provider, ``report`` applies what the provider says of it,
``files`` saves the links of its results, ``decisions`` are those of people. ``move`` has what they
share.
"""

from .decisions import (
    cancel,
    check_soon,
    expire_trash,
    mark_copied,
    mark_not_cancelled,
    mark_purged,
    move_to_trash,
    refetch,
    refetch_lost,
    release_unclear,
    restore,
)
from .files import is_of_tree, save_tree_links, schedule_tree, shorten_link_lives, warn_at_risk
from .move import backoff, mark_searched, touch
from .report import DEADLINE, apply_report, has_news, is_ours, record_no_answer, reschedule
from .submission import (
    SHORT_WAIT,
    UNCLEAR_TOO_LONG,
    claim,
    delay,
    hold_back,
    let_go,
    mark_accepted,
    mark_failed,
    mark_key_refused,
    mark_overdue,
    mark_sent,
    mark_unclear,
    pause_credential,
    raise_unclear_alarm,
    requeue,
    requeue_unsent,
    resume_credential,
)

__all__ = [
    "DEADLINE",
    "SHORT_WAIT",
    "UNCLEAR_TOO_LONG",
    "apply_report",
    "backoff",
    "cancel",
    "check_soon",
    "claim",
    "delay",
    "expire_trash",
    "has_news",
    "hold_back",
    "is_of_tree",
    "is_ours",
    "let_go",
    "mark_accepted",
    "mark_copied",
    "mark_failed",
    "mark_key_refused",
    "mark_not_cancelled",
    "mark_overdue",
    "mark_purged",
    "mark_searched",
    "mark_sent",
    "mark_unclear",
    "move_to_trash",
    "pause_credential",
    "raise_unclear_alarm",
    "record_no_answer",
    "refetch",
    "refetch_lost",
    "release_unclear",
    "requeue",
    "requeue_unsent",
    "reschedule",
    "restore",
    "resume_credential",
    "save_tree_links",
    "schedule_tree",
    "shorten_link_lives",
    "touch",
    "warn_at_risk",
]
