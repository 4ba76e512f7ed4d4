"""What the relay answers: a receipt, a task in five shapes, and errors (docs/wire.md, 4.2 to 4.4).

https://doc.aimanyi.top/api-391200090.html
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain

from generations.providers.contract import (
    ProviderError,
    Receipt,
    RemoteState,
    Report,
    Result,
    Unauthorised,
    Unclear,
)
from generations.providers.vidu import replies as vidu
from generations.providers.wire.reasons import code_reason, create_error_kind
from generations.providers.wire.replies import (
    INTEGER_LIMIT,
    Reply,
    as_object,
    as_objects,
    read_address,
    read_echo,
    read_identifier,
    read_integer,
    read_object,
    read_progress,
    with_results,
)

from .reasons import QUOTA, REASONS, TASK_NOT_EXIST


def read_receipt(reply: Reply) -> Receipt:
    """A create's answer, which is Vidu's (4.2). Raises its error."""
    if not vidu.is_receipt(reply):
        raise create_error(reply)
    return vidu.read_receipt(reply)


def read_report(reply: Reply) -> Report:
    """A task's state in whichever shape it came (4.3). Raises the error of any other answer."""
    report = read_shape(reply, SHAPES) if reply.is_successful else None
    if report is None:
        raise reply.as_question(read_error(reply))
    return report


type Shape = tuple[Callable[[Reply], bool], Callable[[Reply], Report]]


def read_shape(reply: Reply, shapes: Sequence[Shape]) -> Report | None:
    """The report of the first shape that matches, None where none does."""
    return next((read(reply) for matches, read in shapes if matches(reply)), None)


# ---- Shape 1: Vidu's own ----------------------------------------------------------------------


def is_vidu(reply: Reply) -> bool:
    return bool(reply.word("state")) and not vidu.has_error_code(reply)


# ---- Shapes 2 and 5: status and video_url, and an object that says it is a video --------------

# Seed 002; "success" is the word of the callback in seed 001, whose body is that of this question.
VIDEO_STATES: Mapping[str, RemoteState] = {
    "pending": RemoteState.QUEUED,
    "queued": RemoteState.RUNNING,
    "processing": RemoteState.RUNNING,
    "in_progress": RemoteState.RUNNING,
    "running": RemoteState.RUNNING,
    "completed": RemoteState.SUCCEEDED,
    "success": RemoteState.SUCCEEDED,
    "failed": RemoteState.FAILED,
    "failure": RemoteState.FAILED,
    "error": RemoteState.FAILED,
}
VIDEO_ECHO = {"model": "model", "prompt": "prompt", "aspect_ratio": "ratio"}
VIDEO_LINKS = {"video_url": "video", "thumbnail_url": "cover", "watermarked_url": "watermarked"}


def is_native(reply: Reply) -> bool:
    return bool(reply.word("status")) and "video_url" in (reply.members or {})


def is_video_object(reply: Reply) -> bool:
    return reply.get("object") == "video" and bool(reply.word("status"))


def read_video(reply: Reply) -> Report:
    """An error beside anything but a success means that the task failed."""
    # Only ``error`` is read as one, a text or an object: a task's own ``message`` is none.
    code, message = read_complaint(reply.at({"error": reply.get("error")}))
    state = VIDEO_STATES.get(reply.word("status"))
    if (code or message) and state is not RemoteState.SUCCEEDED:
        state = RemoteState.FAILED
    report = Report(
        state=state,
        state_word=reply.word("status"),
        progress=read_progress(reply.get("progress")),
        code=code,
        reason=code_reason(code, REASONS),
        message=message,
        raw=reply.raw,
        echoed=read_echo(reply, VIDEO_ECHO),
    )
    return with_results(report, read_video_links(reply))


def read_video_links(reply: Reply) -> Iterator[Result]:
    remote_id = read_identifier(reply.get("video_id"))
    for member, role in VIDEO_LINKS.items():
        url = read_address(reply.get(member))
        if role == "video":
            url = url or read_address(reply.child("metadata").get("url"))
        if url:
            yield Result(role=role, url=url, remote_id=remote_id)


# ---- Shape 3: Tencent's -----------------------------------------------------------------------

TENCENT_STATES: Mapping[str, RemoteState] = {
    "WAITING": RemoteState.QUEUED,
    "PROCESSING": RemoteState.RUNNING,
    "FINISH": RemoteState.SUCCEEDED,
    "FINISHED": RemoteState.SUCCEEDED,
    "FAILED": RemoteState.FAILED,
    "ABORTED": RemoteState.FAILED,
}


def is_tencent(reply: Reply) -> bool:
    return bool(reply.child("Response").word("Status"))


def read_tencent(reply: Reply) -> Report:
    """FINISH stands beside a failure too; then the task's own ErrCode is not 0."""
    response = reply.child("Response")
    tasks = tencent_tasks(response)
    failed = next((task for task in tasks if has_failed(task)), None)
    state = TENCENT_STATES.get(response.word("Status"))
    if failed and state is RemoteState.SUCCEEDED:
        state = RemoteState.FAILED
    code = (failed.word("ErrCodeExt") or str(failed.get("ErrCode"))) if failed else ""
    report = Report(
        state=state,
        state_word=response.word("Status"),
        progress=next((read_progress(task.get("Progress")) for task in tasks), None),
        code=code,
        reason=code_reason(code, REASONS),
        message=failed.text("Message") if failed else "",
        raw=reply.raw,
    )
    return with_results(report, chain.from_iterable(map(read_tencent_files, tasks)))


def tencent_tasks(response: Reply) -> Sequence[Reply]:
    """The task that TaskType names, else every child that has an output or an error code."""
    named = response.child(response.word("TaskType"))
    if named.members is not None:
        return [named]
    # An ``Input`` has files too, which are no results; it has neither of these members.
    children = [response.child(name) for name in response.members or {}]
    return [child for child in children if {"Output", "ErrCode"} & {*(child.members or {})}]


def has_failed(task: Reply) -> bool:
    return bool(read_integer(task.get("ErrCode"), low=-INTEGER_LIMIT))


def read_tencent_files(task: Reply) -> Iterator[Result]:
    for file in as_objects(task.child("Output").get("FileInfos")):
        if url := read_address(file.get("FileUrl")):
            yield Result(role="video", url=url, remote_id=read_identifier(file.get("FileId")))


# ---- Shape 4: wrapped by new-api --------------------------------------------------------------

# https://github.com/QuantumNous/new-api; a word that docs/wire.md, 1.2 does not have is unknown.
WRAPPED_STATES: Mapping[str, RemoteState] = {
    "SUBMITTED": RemoteState.QUEUED,
    "QUEUED": RemoteState.QUEUED,
    "IN_PROGRESS": RemoteState.RUNNING,
    "SUCCESS": RemoteState.SUCCEEDED,
    "FAILURE": RemoteState.FAILED,
}


def is_wrapped(reply: Reply) -> bool:
    return reply.get("code") == "success" and bool(reply.child("data").word("status"))


def read_wrapped(reply: Reply) -> Report:
    """Its data may hold Vidu's own answer, which has more links, and the cost in credits.

    ``quota`` is not read as the cost: it counts the relay's own money, not credits.
    """
    data = reply.child("data")
    inner = read_shape(data.child("data"), UPSTREAM_SHAPES) or Report(None)
    report = Report(
        state=WRAPPED_STATES.get(data.word("status")),
        state_word=data.word("status"),
        progress=read_progress(data.get("progress")),
        cost=inner.cost,
        code=inner.code,
        reason=inner.reason,
        message=data.text("fail_reason") or inner.message,
        reference=inner.reference,
        raw=reply.raw,
        echoed=inner.echoed,
    )
    # The inner links come first: they have cover and watermark, and need no key (section 7).
    url = read_address(data.get("result_url"))
    return with_results(report, inner.results or ([Result("video", url)] if url else []))


# The first that matches is read (4.3). These three are what a service behind new-api answers.
UPSTREAM_SHAPES: Sequence[Shape] = (
    (is_vidu, vidu.read_report),
    (is_native, read_video),
    (is_tencent, read_tencent),
)
SHAPES: Sequence[Shape] = (
    *UPSTREAM_SHAPES,
    (is_wrapped, read_wrapped),
    (is_video_object, read_video),
)

# ---- Errors (4.4) -----------------------------------------------------------------------------


def is_missing(reply: Reply) -> bool:
    """Whether this path knows no such task, or the relay no such path (4.3)."""
    return reply.status == 404 or read_complaint(reply)[0] == TASK_NOT_EXIST


def create_error(reply: Reply) -> ProviderError:
    """The error of a create's answer that is no receipt; with an id in it, it may be taken."""
    has_id = bool(read_identifier(reply.get("task_id")))
    return reply.unreadable(Unclear) if has_id else read_error(reply)


def read_error(reply: Reply) -> ProviderError:
    """What an error means for a create; Unclear unless the documents say else (4.4)."""
    code, message = read_complaint(reply)
    if reply.is_successful and not code:
        return reply.unreadable(Unclear, message)
    # Before the status: with a 429 or a 500 too the order was never sent on (4.4).
    is_quota = code in QUOTA
    kind = Unauthorised if is_quota else create_error_kind(reply.status, code, REASONS)
    return reply.error(kind, code, message, reason=code_reason(code, REASONS))


def read_complaint(reply: Reply) -> tuple[str, str]:
    """The word and the sentence of an error; Vidu's own where the relay quotes them."""
    inner = reply.child("error") if as_object(reply.get("error")) else reply
    code, message = vidu.read_error_word(inner), inner.text("message") or reply.text("error")
    quoted = read_quoted(inner)
    quoted_code = vidu.read_error_word(quoted)
    # The relay's own word comes first where we know it (4.4); else the quoted one says more.
    if code in REASONS or not quoted_code:
        return code, message
    return quoted_code, quoted.text("message")


def read_quoted(reply: Reply) -> Reply:
    """The error that ``message`` quotes: Vidu's body as text, if it is one."""
    message = reply.get("message")
    text = message if isinstance(message, str) else ""
    body = reply.at(read_object(text.encode()))
    return body.child("error") if as_object(body.get("error")) else body
