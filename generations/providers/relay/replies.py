"""What the relay answers: a receipt, a task in five shapes, and errors (docs/wire.md, 4.2 to 4.4).

https://doc.aimanyi.top/api-391200090.html
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from generations.providers.contract import (
    ProviderError,
    Receipt,
    Refused,
    RemoteState,
    Report,
    Unauthorised,
    Unclear,
)
from generations.providers.vidu import replies as vidu
from generations.providers.wire import tasks
from generations.providers.wire.complaints import read_complaint
from generations.providers.wire.dialects import Dialect
from generations.providers.wire.errors import has_error_code, unreadable
from generations.providers.wire.reasons import code_reason, create_error_kind
from generations.providers.wire.replies import Reply
from generations.providers.wire.values import read_word

from .reasons import MODEL_NOT_FOUND, QUOTA, REASONS, TASK_NOT_EXIST

# Shape 1 is Vidu's own.
VIDU = replace(vidu.DIALECT, own=(("error",), ("code",)), reasons=REASONS)

# Shapes 2 and 5: a status and a video_url, or an object that says it is a video.
VIDEO = replace(
    VIDU,
    states=("status",),
    results=("video_url", "metadata.url"),
    codes=(),
    messages=("error",),
    ended_by_error=frozenset({RemoteState.QUEUED, RemoteState.RUNNING}),
)

# Shape 4: wrapped by new-api. Inside may be Vidu's own answer, which has more links, and the cost
# in credits; ``quota`` is none, because it counts the relay's own money.
# https://github.com/QuantumNous/new-api
WRAPPED = replace(
    VIDU,
    states=("data.status",),
    costs=("data.data.credits",),
    # These links come first: they have cover and watermark, and need no key (section 7).
    results=("data.data", "data.result_url"),
    codes=("data.data.err_code",),
    messages=("data.fail_reason", "data.data.err_msg"),
    references=("data.data.payload",),
)


def read_receipt(reply: Reply) -> Receipt:
    """A create's answer, which is Vidu's (4.2). Raises its error."""
    return tasks.read_receipt(reply, VIDU, read_error)


def read_report(reply: Reply) -> Report:
    """A task's state in whichever shape it came (4.3). Raises the error of any other answer."""
    return tasks.read_task(reply, dialect_of(reply), read_error)


def dialect_of(reply: Reply) -> Dialect:
    """The shape of a task, by the members that tell it; Vidu's where none does."""
    if read_word(reply.get("state")) and not has_error_code(reply, VIDU):
        return VIDU
    if reply.get("status") and ("video_url" in (reply.members or {}) or is_video(reply)):
        return VIDEO
    if reply.first(["Response.Status"]):
        return tencent(reply.child("Response"))
    return WRAPPED if reply.first(["data.status"]) else VIDU


def is_video(reply: Reply) -> bool:
    return reply.get("object") == "video"


# ---- Shape 3: Tencent's -----------------------------------------------------------------------


def tencent(response: Reply) -> Dialect:
    """FINISH stands beside a failure too; then the task's own ErrCode is not 0."""
    name = next(iter(tencent_tasks(response)), "")
    return replace(
        VIDU,
        states=("Response.Status",),
        results=(),
        codes=(f"Response.{name}.ErrCodeExt", f"Response.{name}.ErrCode"),
        messages=(f"Response.{name}.Message",),
        progresses=(f"Response.{name}.Progress",),
        ended_by_error=frozenset({RemoteState.SUCCEEDED}),
    )


def tencent_tasks(response: Reply) -> Sequence[str]:
    """The task that TaskType names, else every child that has an output or an error code."""
    named = response.word("TaskType")
    if response.child(named).members is not None:
        return [named]
    # An ``Input`` has files too, which are no results; it has neither of these members.
    children = response.members or {}
    return [
        name for name in children if {"Output", "ErrCode"} & {*(response.child(name).members or {})}
    ]


# ---- Errors (4.4) -----------------------------------------------------------------------------


# Who chooses a service for an order. In a second try it is called otherwise, and then the first may
# have been taken.
DISTRIBUTOR = re.compile(r"[(\uff08]distributor[)\uff09]")


def is_missing(reply: Reply) -> bool:
    """Whether this path knows no such task, or the relay no such path (4.3)."""
    return reply.status == 404 or read_complaint(reply.members, REASONS).code == TASK_NOT_EXIST


def read_error(reply: Reply) -> ProviderError:
    """What an error means for a create; Unclear unless the documents say else (4.4)."""
    complaint = read_complaint(reply.members, REASONS)
    if reply.is_successful and not complaint.code:
        return unreadable(reply, Unclear)
    kind = create_error_kind(reply.status, complaint, REASONS)
    # Before the status: with a 429 or a 5xx too the order was never sent on (4.4).
    if complaint.code in QUOTA:
        kind = Unauthorised
    elif complaint.code == MODEL_NOT_FOUND and DISTRIBUTOR.search(
        reply.child("error").text("message")
    ):
        kind = Refused
    reason = code_reason(complaint.code, REASONS)
    return reply.error(kind, complaint.code, complaint.message, reason=reason)
