"""What APIXO answers: an envelope of code, message and data (docs/wire.md, 5.2, 5.3 and 5.5).

https://apixo.ai/docs/models/video/vidu-q3
"""

from math import floor

from generations.providers.contract import (
    AccountBalance,
    ProviderError,
    Receipt,
    Report,
    Unavailable,
    Unclear,
)
from generations.providers.wire import tasks
from generations.providers.wire.complaints import read_complaint
from generations.providers.wire.dialects import Dialect
from generations.providers.wire.errors import error_of_question, has_error_code, unreadable
from generations.providers.wire.reasons import (
    STATUS_ERRORS,
    code_reason,
    create_error_kind,
    status_reason,
)
from generations.providers.wire.replies import Reply
from generations.providers.wire.values import AMOUNT_LIMIT, read_integer, read_signed

from .reasons import FOREIGN, NO_BALANCE, REASONS, is_about_balance

CENTS = 100

# Seed 003. A result is JSON as text inside the JSON, or an object where that is sent instead.
DIALECT = Dialect(
    own=(("code",),),
    has_numbers=True,
    reasons={**FOREIGN, **REASONS},
    ids=("data.taskId",),
    states=("data.state",),
    results=("data.resultJson",),
    codes=("data.failCode",),
    messages=("data.failMsg",),
)


def read_receipt(reply: Reply) -> Receipt:
    """A create's answer (5.2). Raises its error, or Unclear without an id."""
    return tasks.read_receipt(reply, DIALECT, create_error)


def read_report(reply: Reply) -> Report:
    """A task's state (5.3). Raises Refused, Unauthorised or Unavailable."""
    return tasks.read_task(reply, DIALECT, create_error)


def read_balance(reply: Reply) -> AccountBalance:
    """US dollars as whole cents, rounded down; a debt leaves nothing. Raises what a check does."""
    is_object = reply.members is not None and not reply.is_cut
    if not reply.is_successful or not is_object or has_error_code(reply, DIALECT):
        raise error_of_question(reply, DIALECT, create_error)
    dollars = read_signed(reply.get("data"))
    if dollars is None:
        raise unreadable(reply, Unavailable)
    return AccountBalance(remaining=max(0, floor(dollars * CENTS)), raw=reply.raw)


def create_error(reply: Reply) -> ProviderError:
    """What an error means for a create; Unclear unless the documents say else (5.5)."""
    status = error_status(reply)
    if status is None:
        return unreadable(reply, Unclear) if reply.is_successful else reply.error(Unclear)
    complaint = read_complaint(reply.members, DIALECT.reasons)
    detail = reply.child("data").text("error") or complaint.message
    if complaint.is_known:
        kind = create_error_kind(status, complaint, DIALECT.reasons)
        reason = code_reason(complaint.code, DIALECT.reasons)
        return reply.error(kind, complaint.code, detail, reason=reason)
    # Else a 400 would refuse this one order, while every further order on the key would fail too.
    if is_about_balance(status, detail + reply.text("message")):
        status = NO_BALANCE
    kind = STATUS_ERRORS.get(status, Unclear)
    return reply.error(kind, f"http_{status}", detail, reason=status_reason(status))


def error_status(reply: Reply) -> int | None:
    """HTTP's status or the body's code, which may differ (5.5); the higher one decides less."""
    statuses = (reply.status, read_integer(reply.get("code"), low=-AMOUNT_LIMIT))
    return max((each for each in statuses if each and 400 <= each < 600), default=None)
