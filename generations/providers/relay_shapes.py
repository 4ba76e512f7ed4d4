"""Shapes of a relay's answer that are neither Vidu's nor a wrapping of another (contract 4.3)."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from generations.providers.contract import Report, Result, State
from generations.providers.members import (
    WHOLE_LIMIT,
    read_address,
    read_identifier,
    read_progress,
    read_whole,
)
from generations.providers.relay_errors import complaint
from generations.providers.reply import Reply, read_order
from generations.providers.results import with_results
from generations.providers.vidu_replies import objects

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

# ---- Shapes 2 and 5: status and video_url, of seed 002; an object that says it is a video ----


def is_native(reply: Reply) -> bool:
    return bool(reply.word("status")) and "video_url" in (reply.members or {})


def is_video_object(reply: Reply) -> bool:
    return reply.get("object") == "video" and bool(reply.word("status"))


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


def read_links(reply: Reply) -> Iterator[Result]:
    number = read_identifier(reply.get("video_id"))
    for member, part in LINKS.items():
        url = read_address(reply.get(member))
        if part == "video":
            url = url or read_address(reply.part("metadata").get("url"))
        if url:
            yield Result(part=part, url=url, number=number)


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
