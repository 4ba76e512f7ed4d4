"""The only place that changes a task or an attempt after it was ordered or imported.

Every transition is one transaction. It first increments the team's sequence, which also sets the
order of locks (team, task, accounts), then moves the row by a conditional UPDATE: of ten callers
that come late, twice or out of order, one finds the old state and the others change nothing. A
change that somebody may want to hear of writes its event in the same transaction.
"""

from .alarms import (
    UNCLEAR_TOO_LONG,
    raise_unclear_alarm,
    shorten_link_lives,
    warn_at_risk,
)
from .decisions import (
    cancel,
    check_soon,
    mark_copied,
    mark_not_cancelled,
    refetch,
    refetch_lost,
    release_unclear,
)
from .files import is_of_tree, save_tree_links
from .films import schedule_tree
from .move import backoff, mark_searched, touch
from .pauses import hold_back, let_go, pause_credential, resume_credential
from .report import (
    DEADLINE,
    apply_report,
    has_news,
    is_ours,
    link_fields,
    record_no_answer,
    reschedule,
)
from .submission import (
    SHORT_WAIT,
    claim,
    delay,
    mark_accepted,
    mark_failed,
    mark_key_refused,
    mark_overdue,
    mark_sent,
    mark_unclear,
    requeue,
    requeue_unsent,
)
from .trash import expire_trash, mark_purged, move_to_trash, restore

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
    "link_fields",
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
