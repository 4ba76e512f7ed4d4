"""What Vidu answers: state words, results, balance, list and errors (docs/wire.md, 2.6 to 2.10)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from generations.providers.contract import (
    AccountBalance,
    Listing,
    ProviderError,
    Receipt,
    RemoteState,
    Report,
    Result,
    Unavailable,
    Unclear,
)
from generations.providers.wire.reasons import code_reason, create_error_kind
from generations.providers.wire.replies import (
    PROMPT_LIMIT,
    Reply,
    as_objects,
    read_address,
    read_echo,
    read_identifier,
    read_integer,
    with_results,
)

from .reasons import REASONS, USER_CANCELLED

# https://platform.vidu.com/docs/get-generation
STATES: Mapping[str, RemoteState] = {
    "created": RemoteState.QUEUED,
    "queueing": RemoteState.QUEUED,
    "processing": RemoteState.RUNNING,
    "success": RemoteState.SUCCEEDED,
    "failed": RemoteState.FAILED,
}

# The links of one creation, and the role of the file behind each (2.7).
LINKS: Mapping[str, str] = {
    "url": "video",
    "cover_url": "cover",
    "watermarked_url": "watermarked",
}


def read_receipt(reply: Reply) -> Receipt:
    """A create's answer (2.6). Raises its error, or Unclear without an id."""
    if not is_receipt(reply):
        raise create_error(reply)
    state = read_state(reply) or RemoteState.QUEUED
    return Receipt(
        remote_id=read_identifier(reply.get("task_id")),
        # The links come with the first question only.
        state=RemoteState.RUNNING if state is RemoteState.SUCCEEDED else state,
        cost=read_integer(reply.get("credits")),
        code=reply.word("err_code"),
        message=reply.text("err_msg"),
        raw=reply.raw,
    )


def is_receipt(reply: Reply) -> bool:
    has_id = bool(read_identifier(reply.get("task_id")))
    return reply.is_successful and not has_error_code(reply) and has_id


def read_report(reply: Reply) -> Report:
    """A task's state (2.7). Raises Unavailable without a state word."""
    if not reply.word("state"):
        raise reply.unreadable(Unavailable)
    code = reply.word("err_code")
    report = Report(
        state=read_state(reply),
        state_word=reply.word("state"),
        progress=read_integer(reply.get("progress"), high=100),
        cost=read_integer(reply.get("credits")),
        code=code,
        reason=code_reason(code, REASONS),
        message=reply.text("err_msg"),
        reference=reply.text("payload"),
        raw=reply.raw,
        echoed=read_echo(reply, {"model": "model", "prompt": "prompt"}),
    )
    return with_results(report, read_results(reply.get("creations")))


def read_state(reply: Reply) -> RemoteState | None:
    """The state, None for an unknown word."""
    state = STATES.get(reply.word("state"))
    if state is RemoteState.FAILED and reply.word("err_code") == USER_CANCELLED:
        return RemoteState.CANCELLED
    return state


def read_results(creations: object) -> Iterator[Result]:
    """The links of all creations, which came as a list and as one object (2.7)."""
    for creation in as_objects(creations):
        remote_id = read_identifier(creation.get("id"))
        for member, role in LINKS.items():
            if url := read_address(creation.get(member)):
                yield Result(role=role, url=url, remote_id=remote_id)


def read_balance(reply: Reply) -> AccountBalance:
    """The account (2.8): the table calls the rows remaining_credits, the example remains.

    https://platform.vidu.com/docs/get-account-info
    """
    rows = as_objects(reply.get("remains")) or as_objects(reply.get("remaining_credits"))
    remaining = read_integers(rows, "credit_remain")
    if not remaining:
        raise reply.unreadable(Unavailable)
    return AccountBalance(
        remaining=sum(remaining),
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


def read_listings(reply: Reply) -> Sequence[Listing]:
    """One page of the list (2.8). A row without an id stays, with ``remote_id`` "", because the
    caller counts the rows of a page.

    https://platform.vidu.com/docs/tasks-list
    """
    rows = reply.get("tasks")
    if not isinstance(rows, list | None):
        raise reply.unreadable(Unavailable)
    return [read_listing(reply.at(row)) for row in rows or ()]


def read_listing(row: Reply) -> Listing:
    return Listing(
        remote_id=read_identifier(row.get("id")),
        state=STATES.get(row.word("state")),
        prompt=row.text("prompt", limit=PROMPT_LIMIT),
        model=row.text("model"),
        # A reseller sends Unix seconds as an integer (1.4).
        created_at=row.text("created_at") or read_identifier(row.get("created_at")),
    )


def newest_first(rows: Iterable[Listing]) -> Sequence[Listing]:
    """In the order of created_at, whose fraction has up to nine digits (1.4)."""
    return sorted(rows, key=lambda row: row.created_at.removesuffix("Z"), reverse=True)


def answered(reply: Reply) -> Reply:
    """The answer of a question, if it is one. Raises Refused, Unauthorised or Unavailable."""
    if not reply.is_successful or reply.members is None or has_error_code(reply):
        raise question_error(reply)
    return reply


def create_error(reply: Reply) -> ProviderError:
    """The error of a create's answer that is no receipt; Unclear unless the documents say else."""
    word = read_error_word(reply)
    has_id = bool(read_identifier(reply.get("task_id")))
    # With an id a task is probably there, whatever the answer says beside it.
    if reply.is_successful and (has_id or not word):
        return reply.unreadable(Unclear)
    kind = create_error_kind(reply.status, word, REASONS)
    return reply.error(kind, word, reason=code_reason(word, REASONS))


def question_error(reply: Reply) -> ProviderError:
    return reply.as_question(create_error(reply))


def read_error_word(reply: Reply) -> str:
    """The member reason, else a code that came as the same word (2.10)."""
    return reply.word("reason") or reply.word("code")


def has_error_code(reply: Reply) -> bool:
    """An integer code in a 2xx body is an error (2.6)."""
    code = reply.get("code")
    return isinstance(code, int) and not isinstance(code, bool)
