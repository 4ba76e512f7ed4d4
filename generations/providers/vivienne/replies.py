"""What Vivienne answers: receipts, tasks and errors (docs/wire.md, 3.2, 3.3 and 3.5).

https://platform.xxd.fans/docs/en/api-reference/vidu-text2video/submit-generation-vidu-text-2-video
"""

import math
from collections.abc import Iterator, Mapping

from generations.providers.contract import (
    ProviderError,
    Receipt,
    RemoteState,
    Report,
    Result,
    Unavailable,
    Unclear,
)
from generations.providers.wire.reasons import STATUS_ERRORS
from generations.providers.wire.replies import (
    INTEGER_LIMIT,
    Reply,
    read_address,
    read_decimal,
    read_echo,
    read_identifier,
    read_integer,
    with_results,
)

from .reasons import OK, OTHER_SUCCESS_CODES, code_meaning

# Seed 000, data.status.
STATES: Mapping[str, RemoteState] = {
    "pending": RemoteState.QUEUED,
    "processing": RemoteState.RUNNING,
    "success": RemoteState.SUCCEEDED,
    "failed": RemoteState.FAILED,
}


def read_receipt(reply: Reply) -> Receipt:
    """A create's answer (3.2). Raises its error, or Unclear without an id."""
    remote_id = read_task_no(reply)
    if not is_ok(reply):
        # An error beside an id: a task may be there (1.7).
        raise reply.unreadable(Unclear) if remote_id else read_error(reply)
    if not remote_id:
        raise reply.unreadable(Unclear)
    return Receipt(remote_id, raw=reply.raw)


def read_task_no(reply: Reply) -> str:
    """taskNo, which is read at the top too, because the page leaves the envelope open (3.2)."""
    remote_id = reply.child("data").get("taskNo")
    return read_identifier(remote_id) or read_identifier(reply.get("taskNo"))


def read_report(reply: Reply) -> Report:
    """A task's state (3.3). Raises its error, or Unavailable without a state word."""
    if not is_ok(reply):
        raise reply.as_question(read_error(reply))
    data = reply.child("data")
    if not data.word("status"):
        raise reply.unreadable(Unavailable)
    report = Report(
        state=STATES.get(data.word("status")),
        state_word=data.word("status"),
        cost=read_points(data.child("usage").get("totalPoints")),
        message=data.text("error"),
        raw=reply.raw,
        echoed=read_echo(data, {"model": "model"}),
    )
    return with_results(report, read_results(data.child("data").get("result")))


def read_results(links: object) -> Iterator[Result]:
    for link in links if isinstance(links, list) else ():
        if url := read_address(link):
            yield Result("video", url)


def read_points(value: object) -> int | None:
    """Whole points; a fraction of a point counts as one (1.5)."""
    points = read_decimal(value)
    return None if points is None or points < 0 else math.ceil(points)


def is_ok(reply: Reply) -> bool:
    return reply.is_successful and read_code(reply) == OK


def read_code(reply: Reply) -> int | None:
    return read_integer(reply.get("code"), low=-INTEGER_LIMIT)


def read_error(reply: Reply) -> ProviderError:
    """What an error means for a create; Unclear unless the documents say else (3.5)."""
    code = read_code(reply)
    if not reply.is_successful:
        return reply.error(STATUS_ERRORS.get(reply.status, Unclear))
    # A 2xx that says success in another way may have taken the order.
    if code is None or code == OK or code in OTHER_SUCCESS_CODES:
        return reply.unreadable(Unclear)
    kind, reason = code_meaning(code, reply.text("message"))
    return reply.error(kind, f"code_{code}", reason=reason)
