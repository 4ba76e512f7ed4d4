"""What Vidu answers: tasks, balance, list and errors (docs/wire.md, 2.6 to 2.10)."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from math import floor

from generations.providers.contract import (
    AccountBalance,
    Listing,
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
from generations.providers.wire.objects import as_objects
from generations.providers.wire.reasons import code_reason, create_error_kind
from generations.providers.wire.replies import Reply
from generations.providers.wire.states import read_state_word, state_of
from generations.providers.wire.values import (
    PROMPT_LIMIT,
    is_empty,
    read_identifier,
    read_integer,
    read_signed,
    spellings,
)

from .reasons import REASONS

# Under which gateways have the cost.
CONSUMED = spellings("credits", "credits_used", "credits_consumed", "credits_cost", "credit_cost")

# https://platform.vidu.com/docs/get-generation and https://platform.vidu.com/docs/error-code
DIALECT = Dialect(
    own=(("reason",), ("code", "message")),
    reasons=REASONS,
    ids=("task_id",),
    states=("state",),
    costs=("credits", "usage.credits", *CONSUMED),
    results=("creations",),
    codes=("err_code",),
    messages=("err_msg",),
    references=("payload",),
)

LIST_NAMES = frozenset({"tasks", "subjects", "next_page_token"})


def read_receipt(reply: Reply) -> Receipt:
    """A create's answer (2.6). Raises its error, or Unclear without an id."""
    return tasks.read_receipt(reply, DIALECT, create_error)


def read_report(reply: Reply) -> Report:
    """A task's state (2.7). Raises Refused, Unauthorised or Unavailable."""
    return tasks.read_task(reply, DIALECT, create_error)


def read_balance(reply: Reply) -> AccountBalance:
    """The account (2.8): the table calls the rows remaining_credits, the example remains.

    https://platform.vidu.com/docs/get-account-info
    """
    rows = as_objects(reply.first(["remains", "data.remains"]))
    rows = rows or as_objects(reply.first(["remaining_credits", "data.remaining_credits"]))
    told = [row["credit_remain"] for row in rows if not is_empty(row.get("credit_remain"))]
    remaining = [read_signed(value) for value in told]
    # One row that nobody can read makes the sum unknown.
    if not remaining or None in remaining:
        raise unreadable(reply, Unavailable)
    total = sum((amount for amount in remaining if amount is not None), Decimal(0))
    return AccountBalance(
        remaining=max(0, floor(total)),
        slots=max(read_integers(rows, "concurrency_limit"), default=None),
        running=sum_or_none(read_integers(rows, "current_concurrency")),
        queued=sum_or_none(read_integers(rows, "queue_count")),
        raw=reply.raw,
    )


def read_integers(rows: Iterable[Mapping[str, object]], name: str) -> Sequence[int]:
    values = (read_integer(row.get(name)) for row in rows)
    # 0 is a value: an account may be empty.
    return [value for value in values if value is not None]


def sum_or_none(values: Sequence[int]) -> int | None:
    return sum(values) if values else None


def read_listings(reply: Reply, name: str = "tasks") -> Sequence[Listing]:
    """One page of a list: of tasks (2.8) or of ``subjects`` (2.20). A row without an id stays, with
    ``remote_id`` "", because the caller counts the rows of a page.

    https://platform.vidu.com/docs/tasks-list
    """
    rows = reply.first([name, f"data.{name}"])
    found = rows if isinstance(rows, list) else as_objects(rows)
    # An empty list may be left out, but then its page token stands there: words of somebody else
    # are no proof that there is no task.
    is_list = any(scope.members and LIST_NAMES & scope.members.keys() for scope in reply.scopes)
    if not is_list or (rows is not None and not isinstance(rows, list) and not found):
        raise unreadable(reply, Unavailable)
    return [read_listing(reply.at(row)) for row in found]


def read_listing(row: Reply) -> Listing:
    return Listing(
        remote_id=row.identifier(row.get("id")) or row.identifier(row.get("task_id")),
        state=state_of(read_state_word(row.first(["state", "status"]))),
        prompt=row.text("prompt", limit=PROMPT_LIMIT) or row.text("name"),
        model=row.text("model"),
        # A reseller sends Unix seconds as an integer (1.4).
        created_at=row.text("created_at") or read_identifier(row.get("created_at")),
    )


def newest_first(rows: Iterable[Listing]) -> Sequence[Listing]:
    """In the order of created_at, whose fraction has up to nine digits (1.4)."""
    return sorted(rows, key=lambda row: row.created_at.removesuffix("Z"), reverse=True)


def answered(reply: Reply) -> Reply:
    """The answer of a question, if it is one. Raises Refused, Unauthorised or Unavailable."""
    is_object = reply.members is not None and not reply.is_cut
    if not reply.is_successful or not is_object or has_error_code(reply, DIALECT):
        raise question_error(reply)
    return reply


def create_error(reply: Reply) -> ProviderError:
    """The error of a create's answer without an id; Unclear unless the documents say else."""
    complaint = read_complaint(reply.members, REASONS)
    if reply.is_successful and not complaint.code:
        return unreadable(reply, Unclear)
    kind = create_error_kind(reply.status, complaint, REASONS)
    reason = code_reason(complaint.code, REASONS)
    return reply.error(kind, complaint.code, complaint.message, reason=reason)


def question_error(reply: Reply) -> ProviderError:
    return error_of_question(reply, DIALECT, create_error)
