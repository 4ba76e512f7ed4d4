"""APIXO's answers and errors (contract 5.3 and 5.5), in an envelope of code, message and data."""

import re
from collections.abc import Iterator, Mapping

from generations.providers.contract import (
    Balance,
    ProviderError,
    Receipt,
    Report,
    Result,
    State,
    Unauthorised,
    Unavailable,
    Unclear,
)
from generations.providers.wire.links import with_results
from generations.providers.wire.replies import STATUSES, Reply
from generations.providers.wire.values import (
    WHOLE_LIMIT,
    as_object,
    read_address,
    read_amount,
    read_identifier,
    read_object,
    read_whole,
)

OK = 200
CENTS = 100

# Seed 003.
STATES: Mapping[str, State] = {
    "pending": State.QUEUED,
    "processing": State.RUNNING,
    "success": State.SUCCEEDED,
    "failed": State.FAILED,
}

# 5.5: a missing balance came as 400 in the example and is 402 in the table.
BALANCE = re.compile("credit|balance", re.IGNORECASE)


def read_receipt(reply: Reply) -> Receipt:
    """A create's answer (5.2). Raises the error it tells, Unclear without a number."""
    number = read_identifier(reply.part("data").get("taskId"))
    if not is_ok(reply):
        raise reply.garbled(Unclear) if number else error_of(reply)
    if not number:
        raise reply.garbled(Unclear)
    return Receipt(number, raw=reply.raw)


def read_report(reply: Reply) -> Report:
    """A task's state (5.3). Raises the error it tells, Unavailable without a state word."""
    data = answered(reply).part("data")
    if not data.word("state"):
        raise reply.garbled(Unavailable)
    report = Report(
        state=STATES.get(data.word("state")),
        word=data.word("state"),
        code=data.word("failCode"),
        message=data.text("failMsg"),
        raw=reply.raw,
    )
    return with_results(report, read_results(data.get("resultJson")))


def read_results(result: object) -> Iterator[Result]:
    """The links in a JSON text within the JSON, or in an object where that is sent instead."""
    inner = read_object(result.encode()) if isinstance(result, str) else as_object(result)
    links = (inner or {}).get("resultUrls")
    for link in links if isinstance(links, list) else ():
        if url := read_address(link):
            yield Result("video", url)


def read_balance(reply: Reply) -> Balance:
    """US dollars as whole cents, rounded down; a debt leaves nothing. Raises as a question does."""
    dollars = read_amount(answered(reply).get("data"))
    if dollars is None:
        raise reply.garbled(Unavailable)
    return Balance(remaining=max(0, int(dollars * CENTS)), raw=reply.raw)


def answered(reply: Reply) -> Reply:
    """The answer of a question, if it is one. Raises Refused, Unauthorised or Unavailable."""
    if not is_ok(reply):
        raise reply.as_question(error_of(reply))
    return reply


def is_ok(reply: Reply) -> bool:
    return reply.successful and read_code(reply) == OK


def read_code(reply: Reply) -> int | None:
    return read_whole(reply.get("code"), low=-WHOLE_LIMIT)


def error_of(reply: Reply) -> ProviderError:
    """What an error means for a create; Unclear unless the documents say else (5.5)."""
    status = error_status(reply)
    if status is None:
        return reply.garbled(Unclear) if reply.successful else reply.error(Unclear)
    detail, sentence = reply.part("data").text("error"), reply.text("message")
    if is_about_balance(status, detail + sentence):
        return reply.error(Unauthorised, "http_402", detail or sentence)
    return reply.error(STATUSES.get(status, Unclear), f"http_{status}", detail or sentence)


def error_status(reply: Reply) -> int | None:
    """HTTP's or the body's, which need not be equal (5.5): the higher decides less."""
    told = (reply.status, read_code(reply))
    return max((each for each in told if each and 400 <= each < 600), default=None)


def is_about_balance(status: int, message: str) -> bool:
    return status == 402 or (status == 400 and BALANCE.search(message) is not None)
