"""What APIXO answers: an envelope of code, message and data (docs/wire.md, 5.2, 5.3 and 5.5).

https://apixo.ai/docs/models/video/vidu-q3
"""

from collections.abc import Iterator, Mapping

from generations.providers.contract import (
    AccountBalance,
    ProviderError,
    Receipt,
    RemoteState,
    Report,
    Result,
    Unavailable,
    Unclear,
)
from generations.providers.wire.reasons import STATUS_ERRORS, code_reason, status_reason
from generations.providers.wire.replies import (
    INTEGER_LIMIT,
    Reply,
    as_object,
    read_address,
    read_decimal,
    read_identifier,
    read_integer,
    read_object,
    with_results,
)

from .reasons import NO_BALANCE, REASONS, is_about_balance

OK = 200
CENTS = 100

# Seed 003, data.state.
STATES: Mapping[str, RemoteState] = {
    "pending": RemoteState.QUEUED,
    "processing": RemoteState.RUNNING,
    "success": RemoteState.SUCCEEDED,
    "failed": RemoteState.FAILED,
}


def read_receipt(reply: Reply) -> Receipt:
    """A create's answer (5.2). Raises its error, or Unclear without an id."""
    remote_id = read_identifier(reply.child("data").get("taskId"))
    if not is_ok(reply):
        # An error beside an id: a task may be there (1.7).
        raise reply.unreadable(Unclear) if remote_id else read_error(reply)
    if not remote_id:
        raise reply.unreadable(Unclear)
    return Receipt(remote_id, raw=reply.raw)


def read_report(reply: Reply) -> Report:
    """A task's state (5.3). Raises its error, or Unavailable without a state word."""
    data = answered(reply).child("data")
    if not data.word("state"):
        raise reply.unreadable(Unavailable)
    code = data.word("failCode")
    report = Report(
        state=STATES.get(data.word("state")),
        state_word=data.word("state"),
        code=code,
        reason=code_reason(code, REASONS),
        message=data.text("failMsg"),
        raw=reply.raw,
    )
    return with_results(report, read_results(data.get("resultJson")))


def read_results(result: object) -> Iterator[Result]:
    """The links in a JSON text inside the JSON, or in an object where that is sent instead."""
    inner = read_object(result.encode()) if isinstance(result, str) else as_object(result)
    links = (inner or {}).get("resultUrls")
    for link in links if isinstance(links, list) else ():
        if url := read_address(link):
            yield Result("video", url)


def read_balance(reply: Reply) -> AccountBalance:
    """US dollars as whole cents, rounded down; a debt leaves nothing. Raises what a check does."""
    dollars = read_decimal(answered(reply).get("data"))
    if dollars is None:
        raise reply.unreadable(Unavailable)
    return AccountBalance(remaining=max(0, int(dollars * CENTS)), raw=reply.raw)


def answered(reply: Reply) -> Reply:
    """The answer of a question, if it is one. Raises Refused, Unauthorised or Unavailable."""
    if not is_ok(reply):
        raise reply.as_question(read_error(reply))
    return reply


def is_ok(reply: Reply) -> bool:
    return reply.is_successful and read_code(reply) == OK


def read_code(reply: Reply) -> int | None:
    return read_integer(reply.get("code"), low=-INTEGER_LIMIT)


def read_error(reply: Reply) -> ProviderError:
    """What an error means for a create; Unclear unless the documents say else (5.5)."""
    status = error_status(reply)
    if status is None:
        return reply.unreadable(Unclear) if reply.is_successful else reply.error(Unclear)
    detail, sentence = reply.child("data").text("error"), reply.text("message")
    # Else a 400 would refuse this one order, while every further order on the key would fail too.
    if is_about_balance(status, detail + sentence):
        status = NO_BALANCE
    return reply.error(
        STATUS_ERRORS.get(status, Unclear),
        f"http_{status}",
        detail or sentence,
        reason=status_reason(status),
    )


def error_status(reply: Reply) -> int | None:
    """HTTP's status or the body's code, which may differ (5.5); the higher one decides less."""
    statuses = (reply.status, read_code(reply))
    return max((each for each in statuses if each and 400 <= each < 600), default=None)
