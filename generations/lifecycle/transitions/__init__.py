"""The only place that changes a task or an attempt after it was ordered or imported.

Every transition is one transaction. It first increments the team's sequence, which also sets the
order of locks (team, task, accounts), then moves the row by a conditional UPDATE: of ten callers
that come late, twice or out of order, one finds the old state and the others change nothing. A
change that somebody may want to hear of writes its event in the same transaction.

``submission`` brings an order to the provider, ``report`` applies what the provider says of it,
``evidence`` keeps its words, ``files`` saves the links of its results, ``delivery`` compares them
with the order, ``alarms`` tell people, ``decisions`` are those of people. ``move`` has what they
share.
"""

from .alarms import clear_alarms, dismiss_alarm, is_dismissible, mark_late
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
from .delivery import compare_delivery, undelivered, wanted_roles
from .files import (
    is_of_tree,
    link_end,
    mark_asked_for,
    mark_found,
    mark_lost,
    mark_stored,
    postpone_fetch,
    record_dead_link,
    record_progress,
    remake_proxy,
    save_proxy,
    save_tree_links,
    schedule_tree,
    warn_at_risk,
)
from .move import backoff, mark_searched, touch
from .report import DEADLINE, apply_report, has_news, is_ours, record_no_answer, reschedule
from .submission import (
    SHORT_WAIT,
    UNCLEAR_TOO_LONG,
    claim,
    delay,
    doubt_credential,
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
    "clear_alarms",
    "compare_delivery",
    "delay",
    "dismiss_alarm",
    "doubt_credential",
    "expire_trash",
    "has_news",
    "hold_back",
    "is_dismissible",
    "is_of_tree",
    "is_ours",
    "let_go",
    "link_end",
    "mark_accepted",
    "mark_asked_for",
    "mark_copied",
    "mark_failed",
    "mark_found",
    "mark_key_refused",
    "mark_late",
    "mark_lost",
    "mark_not_cancelled",
    "mark_overdue",
    "mark_purged",
    "mark_searched",
    "mark_sent",
    "mark_stored",
    "mark_unclear",
    "move_to_trash",
    "pause_credential",
    "postpone_fetch",
    "raise_unclear_alarm",
    "record_dead_link",
    "record_no_answer",
    "record_progress",
    "refetch",
    "refetch_lost",
    "release_unclear",
    "remake_proxy",
    "requeue",
    "requeue_unsent",
    "reschedule",
    "restore",
    "resume_credential",
    "save_proxy",
    "save_tree_links",
    "schedule_tree",
    "touch",
    "undelivered",
    "wanted_roles",
    "warn_at_risk",
]
