"""What Vivienne answers: receipts, tasks and errors (docs/wire.md, 3.2, 3.3 and 3.5).

https://platform.xxd.fans/docs/en/api-reference/vidu-text2video/submit-generation-vidu-text-2-video
"""

from generations.providers.contract import ProviderError, Receipt, Report, Unclear
from generations.providers.wire import tasks
from generations.providers.wire.complaints import Complaint, read_complaint
from generations.providers.wire.dialects import Dialect
from generations.providers.wire.errors import has_error_code, unreadable
from generations.providers.wire.reasons import (
    STATUS_ERRORS,
    code_reason,
    create_error_kind,
    status_reason,
)
from generations.providers.wire.replies import Reply
from generations.providers.wire.values import AMOUNT_LIMIT, read_integer, spellings

from .reasons import REASONS, code_meaning

# Seed 000. taskNo is read at the top too, because the page leaves the envelope open (3.2).
DIALECT = Dialect(
    own=(("code",),),
    has_numbers=True,
    reasons=REASONS,
    ids=("data.taskNo", "taskNo"),
    states=("data.status",),
    costs=("data.usage.totalPoints", *(f"usage.{name}" for name in spellings("total_points"))),
    results=("data.data.result",),
    messages=("data.error",),
)


def read_receipt(reply: Reply) -> Receipt:
    """A create's answer (3.2). Raises its error, or Unclear without an id."""
    return tasks.read_receipt(reply, DIALECT, create_error)


def read_report(reply: Reply) -> Report:
    """A task's state (3.3). Raises Refused, Unauthorised or Unavailable."""
    return tasks.read_task(reply, DIALECT, create_error)


def create_error(reply: Reply) -> ProviderError:
    """What an error means for a create; Unclear unless the documents say else (3.5)."""
    complaint = read_complaint(reply.members, REASONS)
    code = read_integer(reply.get("code"), low=-AMOUNT_LIMIT)
    if not reply.is_successful:
        return error_of_status(reply, complaint)
    # A 2xx that says success in another way may have taken the order.
    if code is None or not has_error_code(reply, DIALECT):
        return unreadable(reply, Unclear)
    if complaint.is_known:
        kind = create_error_kind(code if 400 <= code < 600 else 400, complaint, REASONS)
        reason = code_reason(complaint.code, REASONS)
        return reply.error(kind, complaint.code, complaint.message, reason=reason)
    kind, reason = code_meaning(code, complaint.message)
    return reply.error(kind, f"code_{code}", complaint.message, reason=reason)


def error_of_status(reply: Reply, complaint: Complaint) -> ProviderError:
    if complaint.is_known:
        kind = create_error_kind(reply.status, complaint, REASONS)
        reason = code_reason(complaint.code, REASONS)
        return reply.error(kind, complaint.code, complaint.message, reason=reason)
    kind = STATUS_ERRORS.get(reply.status, Unclear)
    reason = status_reason(reply.status)
    return reply.error(kind, message=complaint.message, reason=reason)
