"""A relay's answers: the receipt (contract 4.2), and a task's state in five shapes (4.3)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from types import MappingProxyType

from generations.providers.contract import (
    ProviderError,
    Receipt,
    Refused,
    Report,
    Result,
    State,
    Unauthorised,
    Unclear,
)
from generations.providers.vidu import replies
from generations.providers.vidu.replies import REASONS, has_error_code, objects
from generations.providers.wire.links import with_results
from generations.providers.wire.replies import STATUSES as ERROR_STATUSES
from generations.providers.wire.replies import Reply, read_order
from generations.providers.wire.values import (
    WHOLE_LIMIT,
    as_object,
    read_address,
    read_identifier,
    read_object,
    read_progress,
    read_whole,
)

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
    if not replies.is_receipt(reply):
        raise create_error(reply)
    return replies.read_receipt(reply)


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

# ---- Shapes 2 and 5: status and video_url, of seed 002; an object that says it is a video ----


def is_native(reply: Reply) -> bool:
    return bool(reply.word("status")) and "video_url" in (reply.members or {})


def read_video(reply: Reply) -> Report:
    """An error beside anything but a success means that the task failed."""
    code, message = complaint(reply.inside({"error": reply.get("error")}))
    state = STATUSES.get(reply.word("status"))
    if (code or message) and state is not State.SUCCEEDED:
        state = State.FAILED
    report = Report(
        state=state,
        word=reply.word("status"),
        progress=read_progress(reply.get("progress")),
        code=code,
        message=message,
        raw=reply.raw,
        told=read_order(reply, NAMES),
    )
    return with_results(report, read_links(reply))


# ---- Shape 3: Tencent's ---------------------------------------------------------------------


def is_tencent(reply: Reply) -> bool:
    return bool(reply.part("Response").word("Status"))


def read_tencent(reply: Reply) -> Report:
    """FINISH is said of a failure too, which the task's own ErrCode tells."""
    response = reply.part("Response")
    tasks = tencent_tasks(response)
    wrong = next((task for task in tasks if has_failed(task)), None)
    state = TENCENT_STATUSES.get(response.word("Status"))
    if wrong and state is State.SUCCEEDED:
        state = State.FAILED
    report = Report(
        state=state,
        word=response.word("Status"),
        progress=next((read_progress(task.get("Progress")) for task in tasks), None),
        code=(wrong.word("ErrCodeExt") or str(wrong.get("ErrCode"))) if wrong else "",
        message=wrong.text("Message") if wrong else "",
        raw=reply.raw,
    )
    return with_results(report, chain.from_iterable(map(read_files, tasks)))


UPSTREAM_SHAPES: Sequence[Shape] = (
    (is_vidu, replies.read_report),
    (is_native, read_video),
    (is_tencent, read_tencent),
)


def is_video_object(reply: Reply) -> bool:
    return reply.get("object") == "video" and bool(reply.word("status"))


SHAPES: Sequence[Shape] = (
    *UPSTREAM_SHAPES,
    (is_wrapped, read_wrapped),
    (is_video_object, read_video),
)


# 4.4: the relay takes its own credits before it sends anything on, so these were never taken.
QUOTA = frozenset({"insufficient_user_quota", "pre_consume_token_quota_failed"})
TASK_NOT_EXIST = "task_not_exist"

CODES: Mapping[str, type[ProviderError]] = MappingProxyType(
    {**REASONS, **dict.fromkeys(QUOTA, Unauthorised), TASK_NOT_EXIST: Refused}
)


def is_missing(reply: Reply) -> bool:
    """Whether this path knows no such task, or the relay no such path (4.3)."""
    return reply.status == 404 or complaint(reply)[0] == TASK_NOT_EXIST


def create_error(reply: Reply) -> ProviderError:
    """What a create's answer that is no receipt means; with a number in it, it may be taken."""
    number = read_identifier(reply.get("task_id"))
    return reply.garbled(Unclear) if number else error_of(reply)


def question_error(reply: Reply) -> ProviderError:
    return reply.as_question(error_of(reply))


def error_of(reply: Reply) -> ProviderError:
    """What an error means for a create; Unclear unless the documents say else (4.4)."""
    code, message = complaint(reply)
    if code in QUOTA:
        return reply.error(Unauthorised, code, message)
    if reply.successful:
        return reply.error(CODES.get(code, Unclear), code or "garbled", message)
    if reply.status >= 500:
        return reply.error(Unclear, code, message)
    kind = CODES.get(code) or ERROR_STATUSES.get(reply.status, Unclear)
    return reply.error(kind, code, message)


def complaint(reply: Reply) -> tuple[str, str]:
    """The word and the sentence of an error body; those of the upstream where it is wrapped."""
    inner = reply.part("error") if as_object(reply.get("error")) else reply
    code, message = read_code(inner), inner.text("message") or reply.text("error")
    wrapped = upstream(inner)
    upstream_code = read_code(wrapped)
    if code in CODES or not upstream_code:
        return code, message
    return upstream_code, wrapped.text("message")


def read_code(reply: Reply) -> str:
    return reply.word("reason") or reply.word("code")


def upstream(reply: Reply) -> Reply:
    """What a message quotes: the body of the upstream's error as text, if it is one."""
    message = reply.get("message")
    text = message if isinstance(message, str) else ""
    body = reply.inside(read_object(text.encode()))
    return body.part("error") if as_object(body.get("error")) else body


# 1.2, C; "success" is the word of the callback in seed 001, whose body is that of this question.
STATUSES: Mapping[str, State] = {
    "pending": State.QUEUED,
    "queued": State.RUNNING,
    "processing": State.RUNNING,
    "in_progress": State.RUNNING,
    "running": State.RUNNING,
    "completed": State.SUCCEEDED,
    "success": State.SUCCEEDED,
    "failed": State.FAILED,
    "failure": State.FAILED,
    "error": State.FAILED,
}
TENCENT_STATUSES: Mapping[str, State] = {
    "WAITING": State.QUEUED,
    "PROCESSING": State.RUNNING,
    "FINISH": State.SUCCEEDED,
    "FINISHED": State.SUCCEEDED,
    "FAILED": State.FAILED,
    "ABORTED": State.FAILED,
}
NAMES = {"model": "model", "prompt": "prompt", "aspect_ratio": "ratio"}
LINKS = {"video_url": "video", "thumbnail_url": "cover", "watermarked_url": "watermarked"}


def read_links(reply: Reply) -> Iterator[Result]:
    number = read_identifier(reply.get("video_id"))
    for member, part in LINKS.items():
        url = read_address(reply.get(member))
        if part == "video":
            url = url or read_address(reply.part("metadata").get("url"))
        if url:
            yield Result(part=part, url=url, number=number)


def tencent_tasks(response: Reply) -> Sequence[Reply]:
    """The one that TaskType names, else every part that has an output or an error code."""
    named = response.part(response.word("TaskType"))
    if named.members is not None:
        return [named]
    parts = [response.part(name) for name in response.members or {}]
    return [part for part in parts if {"Output", "ErrCode"} & {*(part.members or {})}]


def has_failed(task: Reply) -> bool:
    return bool(read_whole(task.get("ErrCode"), low=-WHOLE_LIMIT))


def read_files(task: Reply) -> Iterator[Result]:
    files = task.part("Output").get("FileInfos")
    for file in objects(files):
        if url := read_address(file.get("FileUrl")):
            yield Result(part="video", url=url, number=read_identifier(file.get("FileId")))
