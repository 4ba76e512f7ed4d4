"""A relay's answers: the receipt (contract 4.2), and a task's state in five shapes (4.3)."""

from collections.abc import Callable, Mapping, Sequence

from generations.providers import vidu_replies
from generations.providers.contract import Receipt, Report, Result, State
from generations.providers.members import read_address, read_progress
from generations.providers.relay_errors import create_error, question_error
from generations.providers.relay_shapes import (
    is_native,
    is_tencent,
    is_video_object,
    read_tencent,
    read_video,
)
from generations.providers.reply import Reply
from generations.providers.results import with_results
from generations.providers.vidu_errors import has_error_code

# Shape 4; words that the contract does not have are unknown.
WRAPPED_STATUSES: Mapping[str, State] = {
    "SUBMITTED": State.QUEUED,
    "QUEUED": State.QUEUED,
    "IN_PROGRESS": State.RUNNING,
    "SUCCESS": State.SUCCEEDED,
    "FAILURE": State.FAILED,
}


def read_receipt(reply: Reply) -> Receipt:
    """A create's answer, which is Vidu's (4.2). Raises the error it tells."""
    if not vidu_replies.is_receipt(reply):
        raise create_error(reply)
    return vidu_replies.read_receipt(reply)


def read_report(reply: Reply) -> Report:
    """A task's state in whichever shape it came. Raises the error of any other answer."""
    report = read_shape(reply, SHAPES) if reply.successful else None
    if report is None:
        raise question_error(reply)
    return report


def read_shape(reply: Reply, shapes: Sequence["Shape"]) -> Report | None:
    """The first shape that matches wins."""
    return next((read(reply) for matches, read in shapes if matches(reply)), None)


def is_vidu(reply: Reply) -> bool:
    return bool(reply.word("state")) and not has_error_code(reply)


def is_wrapped(reply: Reply) -> bool:
    return reply.get("code") == "success" and bool(reply.part("data").word("status"))


def read_wrapped(reply: Reply) -> Report:
    """Its data may hold the upstream's own answer, which has more links, and credits.

    ``quota`` is not read as the cost: it counts the relay's money, not credits.
    """
    data = reply.part("data")
    inner = read_shape(data.part("data"), UPSTREAM_SHAPES) or Report(None)
    report = Report(
        state=WRAPPED_STATUSES.get(data.word("status")),
        word=data.word("status"),
        progress=read_progress(data.get("progress")),
        cost=inner.cost,
        code=inner.code,
        message=data.text("fail_reason") or inner.message,
        reference=inner.reference,
        raw=reply.raw,
        told=inner.told,
    )
    url = read_address(data.get("result_url"))
    return with_results(report, inner.results or ([Result("video", url)] if url else []))


type Shape = tuple[Callable[[Reply], bool], Callable[[Reply], Report]]

UPSTREAM_SHAPES: Sequence[Shape] = (
    (is_vidu, vidu_replies.read_report),
    (is_native, read_video),
    (is_tencent, read_tencent),
)
SHAPES: Sequence[Shape] = (
    *UPSTREAM_SHAPES,
    (is_wrapped, read_wrapped),
    (is_video_object, read_video),
)
