"""Vidu's words, and the reading of its answers (contract 2.6 to 2.10)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from generations.providers.contract import (
    Balance,
    Listing,
    ProviderError,
    Receipt,
    Refused,
    Report,
    Result,
    State,
    Unauthorised,
    Unavailable,
    Unclear,
)
from generations.providers.wire.links import with_results
from generations.providers.wire.replies import PROMPT_LIMIT, STATUSES, Reply, read_order
from generations.providers.wire.values import (
    as_object,
    read_address,
    read_identifier,
    read_whole,
)

# 2.7: a created task waits in the queue as far as anybody outside can tell.
STATES: Mapping[str, State] = {
    "created": State.QUEUED,
    "queueing": State.QUEUED,
    "processing": State.RUNNING,
    "success": State.SUCCEEDED,
    "failed": State.FAILED,
}

# 2.7: the links of one creation and the part of the result that each leads to.
LINKS: Mapping[str, str] = {
    "url": "video",
    "cover_url": "cover",
    "watermarked_url": "watermarked",
}


def read_receipt(reply: Reply) -> Receipt:
    """A create's answer (2.6). Raises the error it tells, Unclear without a number."""
    if not is_receipt(reply):
        raise create_error(reply)
    state = read_state(reply) or State.QUEUED
    return Receipt(
        number=read_identifier(reply.get("task_id")),
        # The links come with the first question only.
        state=State.RUNNING if state is State.SUCCEEDED else state,
        cost=read_whole(reply.get("credits")),
        code=reply.word("err_code"),
        message=reply.text("err_msg"),
        raw=reply.raw,
    )


def is_receipt(reply: Reply) -> bool:
    number = read_identifier(reply.get("task_id"))
    return reply.successful and not has_error_code(reply) and bool(number)


def read_report(reply: Reply) -> Report:
    """A task's state (2.7). Raises Unavailable without a state word."""
    if not reply.word("state"):
        raise reply.garbled(Unavailable)
    report = Report(
        state=read_state(reply),
        word=reply.word("state"),
        progress=read_whole(reply.get("progress"), high=100),
        cost=read_whole(reply.get("credits")),
        code=reply.word("err_code"),
        message=reply.text("err_msg"),
        reference=reply.text("payload"),
        raw=reply.raw,
        told=read_order(reply, {"model": "model", "prompt": "prompt"}),
    )
    return with_results(report, read_results(reply.get("creations")))


def read_balance(reply: Reply) -> Balance:
    """The account (2.8): the table calls the rows remaining_credits, the example remains."""
    rows = objects(reply.get("remains")) or objects(reply.get("remaining_credits"))
    remaining = numbers(rows, "credit_remain")
    if not remaining:
        raise reply.garbled(Unavailable)
    return Balance(
        remaining=sum(remaining),
        slots=max(numbers(rows, "concurrency_limit"), default=None),
        running=sum_or_none(numbers(rows, "current_concurrency")),
        queued=sum_or_none(numbers(rows, "queue_count")),
        raw=reply.raw,
    )


def read_rows(reply: Reply) -> Sequence[Listing]:
    """One page of the list (2.8); a row without an id keeps its place with number ""."""
    rows = reply.get("tasks")
    if not isinstance(rows, list | None):
        raise reply.garbled(Unavailable)
    return [read_row(reply.inside(row)) for row in rows or ()]


def read_row(row: Reply) -> Listing:
    return Listing(
        number=read_identifier(row.get("id")),
        state=STATES.get(row.word("state")),
        prompt=row.text("prompt", limit=PROMPT_LIMIT),
        model=row.text("model"),
        created_at=row.text("created_at") or read_identifier(row.get("created_at")),
    )


def newest_first(rows: Iterable[Listing]) -> Sequence[Listing]:
    """In the order of created_at, whose fraction has up to nine digits (1.4)."""
    return sorted(rows, key=lambda row: row.created_at.removesuffix("Z"), reverse=True)


def read_state(reply: Reply) -> State | None:
    state = STATES.get(reply.word("state"))
    if state is State.FAILED and reply.word("err_code") == USER_CANCELLED:
        return State.CANCELLED
    return state


def read_results(creations: object) -> Iterator[Result]:
    """The links of all creations, which clients accept as a list or one object (section 6)."""
    for creation in objects(creations):
        number = read_identifier(creation.get("id"))
        for member, part in LINKS.items():
            if url := read_address(creation.get(member)):
                yield Result(part=part, url=url, number=number)


def objects(value: object) -> Sequence[Mapping[str, object]]:
    """The objects in a list; one object alone counts as a list of one."""
    values = value if isinstance(value, list) else [value]
    return [row for row in map(as_object, values) if row is not None]


def numbers(rows: Iterable[Mapping[str, object]], name: str) -> Sequence[int]:
    values = (read_whole(row.get(name)) for row in rows)
    return [value for value in values if value is not None]


def sum_or_none(values: Sequence[int]) -> int | None:
    return sum(values) if values else None


# 2.8, 2.10: a task that was cancelled is expected to end as failed with this code.
USER_CANCELLED = "UserCancelled"

# 2.10: what each reason means for a create. A question has no unclear outcome: see question_error.
REASONS: Mapping[str, type[ProviderError]] = {
    "BadRequest": Refused,
    "FieldLacking": Refused,
    "FieldUnwanted": Refused,
    "FieldItemCountOutOfRange": Refused,
    "FieldInvalid": Refused,
    "PageSizeOutOfRange": Refused,
    "ImageDownloadFailure": Refused,
    "ImageFormatInvalid": Refused,
    "ImageCheckBodyJointsFailed": Refused,
    "ImageCheckFaceFailed": Refused,
    "ImageObjectsUndetected": Refused,
    "OperationInProcess": Unavailable,
    "TaskPromptPolicyViolation": Refused,
    "AuditSubmitIllegal": Refused,
    "CreationPolicyViolation": Refused,
    "CreditInsufficient": Unauthorised,
    "ModelUnavailable": Refused,
    USER_CANCELLED: Refused,
    "Unauthorized": Unauthorised,
    "Forbidden": Unauthorised,
    "TaskNotFound": Refused,
    "CreationNotFound": Refused,
    "NotFound": Refused,
    "Conflict": Unclear,
    "QuotaExceeded": Unavailable,
    "TooManyRequests": Unavailable,
    "SystemThrottling": Unavailable,
    "Canceled": Unclear,
    "InternalServiceFailure": Unclear,
}


def answered(reply: Reply) -> Reply:
    """The answer of a question, if it is one. Raises Refused, Unauthorised or Unavailable."""
    if not reply.successful or reply.members is None or has_error_code(reply):
        raise question_error(reply)
    return reply


def create_error(reply: Reply) -> ProviderError:
    """What a create's answer that is no receipt means; Unclear unless the documents say else."""
    reason = read_reason(reply)
    if reply.successful and read_identifier(reply.get("task_id")):
        return reply.garbled(Unclear)
    if reply.successful:
        return reply.error(REASONS.get(reason, Unclear), reason or "garbled")
    if reply.status >= 500:
        return reply.error(Unclear, reason)
    return reply.error(REASONS.get(reason) or STATUSES.get(reply.status, Unclear), reason)


def question_error(reply: Reply) -> ProviderError:
    return reply.as_question(create_error(reply))


def read_reason(reply: Reply) -> str:
    """The word to match on: reason, or a code that came as the same word (2.10)."""
    return reply.word("reason") or reply.word("code")


def has_error_code(reply: Reply) -> bool:
    """An integer code in a 2xx body is an error (2.6)."""
    code = reply.get("code")
    return isinstance(code, int) and not isinstance(code, bool)
