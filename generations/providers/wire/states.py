"""One table of states for all dialects (docs/wire.md, 1.2)."""

import re
import unicodedata
from collections.abc import Mapping

from generations.providers.contract import RemoteState

from .values import WORD_LIMIT, as_written, is_empty, spellings, trim

QUEUED = RemoteState.QUEUED
RUNNING = RemoteState.RUNNING
SUCCEEDED = RemoteState.SUCCEEDED
FAILED = RemoteState.FAILED
CANCELLED = RemoteState.CANCELLED

# Words as ``fold`` leaves them.
WORDS: Mapping[str, RemoteState] = {
    **dict.fromkeys(
        (
            *("created", "pending", "queued", "queueing", "queuing", "queue", "inqueue", "waiting"),
            *("wait", "submitted", "submitting", "scheduled", "accepted", "received", "notstart"),
            *("notstarted", "init", "initialized", "initializing", "starting", "preparing", "new"),
            *("enqueued", "dispatched", "assigned", "acknowledged", "submit", "initialising"),
            *("initialised", "inthequeue", "waitinginqueue", "queuedforprocessing", "backlog"),
            *("notready", "provisioning", "allocating", "booting", "coldstart", "loading"),
            *("staging", "staged", "throttled", "delayed", "deferred", "onhold"),
            *("排队中", "排队", "等待中", "等待", "已提交", "待处理", "已排队"),
            *("队列中", "排队等待"),
            *("已入队", "未开始", "待执行", "待生成", "等待处理", "等待执行", "等待生成"),
        ),
        QUEUED,
    ),
    **dict.fromkeys(
        (
            *("processing", "running", "inprogress", "progressing", "progress", "started"),
            *("generating", "rendering", "executing", "working", "active", "uploading", "ongoing"),
            *("inprocess", "process", "run", "encoding", "transcoding", "downloading", "creating"),
            *("workinprogress", "preprocessing", "postprocessing", "finalizing", "finalising"),
            *("upscaling", "composing", "synthesizing", "merging", "compressing", "decoding"),
            *("sampling", "denoising", "inferencing", "saving", "storing", "transferring"),
            *("validating", "reviewing", "inreview", "underreview", "moderating", "auditing"),
            *("retrying", "retry", "resuming"),
            *("处理中", "生成中", "进行中", "运行中", "执行中", "渲染中", "合成中"),
            *("审核中", "上传中"),
            *("转码中", "正在生成", "正在处理", "正在运行", "處理中", "進行中", "執行中", "処理中"),
        ),
        RUNNING,
    ),
    **dict.fromkeys(
        (
            *("success", "succeeded", "succeed", "successful", "succeeds", "completed", "complete"),
            *("done", "finish", "finished", "ready", "ok", "generated", "finalized", "processed"),
            *("alldone", "fulfilled", "成功", "完成", "已完成", "已成功", "已生成", "完了"),
        ),
        SUCCEEDED,
    ),
    **dict.fromkeys(
        (
            *("failed", "fail", "fails", "failure", "error", "errored", "aborted", "abort"),
            *("rejected", "reject", "refused", "denied", "blocked", "moderated", "timeout"),
            *("timedout", "expired", "invalid", "unsuccessful", "exception", "terminated"),
            *("killed", "interrupted", "dead", "submitfailed", "submitfail", "auditfailed"),
            *("auditfail", "reviewfailed", "systemerror", "internalerror", "contentmoderated"),
            *("requestmoderated", "contentfiltered", "nsfw", "nsfwdetected", "contentviolation"),
            *("policyviolation", "失败", "已失败", "失敗", "审核失败", "审核不通过"),
            *("超时", "已超时", "已拒绝", "异常"),
        ),
        FAILED,
    ),
    **dict.fromkeys(
        (
            *("cancelled", "canceled", "cancel", "cancelling", "canceling", "usercancelled"),
            *("usercanceled", "cancelledbyuser", "canceledbyuser", "usercancel", "revoked"),
            *("已取消", "取消", "已撤销", "用户取消", "用户已取消"),
        ),
        CANCELLED,
    ),
}
# What stands before the word itself, as in TASK_STATUS_SUCCEED. Nothing that may fail while the
# task does not, as a callback or an upload.
HEAD = re.compile(
    r"^(?:task|job|status|state|video|media|generation|generate|run|workflow|render|operation"
    r"|process|request|order|creation|execution|prediction|inference|result|output|is|has|been"
    r"|任务|视频|生成|处理|执行|渲染|合成|操作|请求)+"
)
# What stands behind it, as in ``Processing (45%)`` and ``Queued, position 3``.
TAIL = re.compile(r"(?:successfully|status|state|position)?[0-9]*$")
# Under which a state may stand, and words for it that only a task has.
STATE_MEMBERS = spellings("state", "status", "task_status", "task_state")
TASK_STATE_MEMBERS = spellings(
    *("task_status", "task_state", "job_status", "job_state", "generation_status", "video_status"),
    "run_status",
)
NO_LETTERS = re.compile(r"[\W_]+")
# The members of a state that is an object, e.g. {"name": "success"}.
NESTED = ("name", "state", "status", "value", "word", "code", "key", "text", "label")
NESTING_LIMIT = 3


def fold(word: str) -> str:
    """A word as the table has it: ``In Progress`` and ``IN_PROGRESS`` are ``inprogress``."""
    return NO_LETTERS.sub("", unicodedata.normalize("NFKC", word).casefold())


def read_state_word(value: object) -> str:
    """The word of a state as it came, also from a number or from inside an object; "" for none."""
    for _ in range(NESTING_LIMIT):
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        elif isinstance(value, Mapping):
            value = next((value[name] for name in NESTED if not is_empty(value.get(name))), None)
        else:
            break
    if is_empty(value) or isinstance(value, list | Mapping):
        return ""
    return trim(as_written(value))


def state_of(word: str) -> RemoteState | None:
    """The state that a word means, None for an unknown one."""
    if len(word) > WORD_LIMIT:
        return None
    folded = fold(word)
    bare = TAIL.sub("", folded)
    return WORDS.get(folded) or WORDS.get(bare) or WORDS.get(HEAD.sub("", bare))
