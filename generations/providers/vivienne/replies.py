"""The gateway's answers and errors (contract 3.3 and 3.5)."""

import math
import re
from collections.abc import Iterator, Mapping

from generations.providers.contract import (
    ProviderError,
    Receipt,
    Refused,
    Report,
    Result,
    State,
    Unavailable,
    Unclear,
)
from generations.providers.wire.links import with_results
from generations.providers.wire.replies import STATUSES, Reply, read_order
from generations.providers.wire.values import (
    WHOLE_LIMIT,
    read_address,
    read_amount,
    read_identifier,
    read_whole,
)

OK = 1000
# What means success elsewhere is no clear no.
NO_ERRORS = (0, 200, OK)

# Seed 000: pending is queued.
STATES: Mapping[str, State] = {
    "pending": State.QUEUED,
    "processing": State.RUNNING,
    "success": State.SUCCEEDED,
    "failed": State.FAILED,
}

# 3.5: the codes are nowhere listed; only a message that says busy may be sent again.
BUSY = re.compile(r"\bbusy\b|繁忙", re.IGNORECASE)


def read_receipt(reply: Reply) -> Receipt:
    """A create's answer (3.2). Raises the error it tells, Unclear without a number."""
    number = read_number(reply)
    if not is_ok(reply):
        raise reply.garbled(Unclear) if number else error_of(reply)
    if not number:
        raise reply.garbled(Unclear)
    return Receipt(number, raw=reply.raw)


def read_report(reply: Reply) -> Report:
    """A task's state (3.3). Raises the error it tells, Unavailable without a state word."""
    if not is_ok(reply):
        raise reply.as_question(error_of(reply))
    data = reply.part("data")
    if not data.word("status"):
        raise reply.garbled(Unavailable)
    report = Report(
        state=STATES.get(data.word("status")),
        word=data.word("status"),
        cost=read_points(data.part("usage").get("totalPoints")),
        message=data.text("error"),
        raw=reply.raw,
        told=read_order(data, {"model": "model"}),
    )
    return with_results(report, read_results(data.part("data").get("result")))


def read_results(links: object) -> Iterator[Result]:
    for link in links if isinstance(links, list) else ():
        if url := read_address(link):
            yield Result("video", url)


def read_points(value: object) -> int | None:
    """Whole points; a part of one counts as one."""
    points = read_amount(value)
    return None if points is None or points < 0 else math.ceil(points)


def read_number(reply: Reply) -> str:
    """taskNo, which the submission's empty schema may have at the top as well (3.2)."""
    number = reply.part("data").get("taskNo")
    return read_identifier(number) or read_identifier(reply.get("taskNo"))


def is_ok(reply: Reply) -> bool:
    return reply.successful and read_code(reply) == OK


def read_code(reply: Reply) -> int | None:
    return read_whole(reply.get("code"), low=-WHOLE_LIMIT)


def error_of(reply: Reply) -> ProviderError:
    """What an error means for a create; Unclear unless the documents say else (3.5)."""
    code = read_code(reply)
    if not reply.successful:
        return reply.error(STATUSES.get(reply.status, Unclear))
    if code is None or code in NO_ERRORS:
        return reply.garbled(Unclear)
    return reply.error(business_error(code, reply.text("message")), f"code_{code}")


def business_error(code: int, message: str) -> type[ProviderError]:
    """What another code in a 2xx body means: a no, unless it looks like an HTTP status."""
    if BUSY.search(message):
        return Unavailable
    return Unclear if 500 <= code < 600 else STATUSES.get(code, Refused)
