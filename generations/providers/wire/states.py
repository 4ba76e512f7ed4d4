"""One table of states for all dialects (docs/wire.md, 1.2)."""

import re
import unicodedata
from collections.abc import Mapping

from generations.providers.contract import RemoteState

from .values import WORD_LIMIT, as_written, is_empty, trim

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
            *("enqueued", "dispatched", "排队中", "排队", "等待中", "等待", "已提交", "待处理"),
        ),
        QUEUED,
    ),
    **dict.fromkeys(
        (
            *("processing", "running", "inprogress", "progressing", "progress", "started"),
            *("generating", "rendering", "executing", "working", "active", "uploading", "ongoing"),
            *("inprocess", "process", "run", "encoding", "transcoding", "downloading"),
            *("处理中", "生成中", "进行中", "运行中", "执行中"),
        ),
        RUNNING,
    ),
    **dict.fromkeys(
        (
            *("success", "succeeded", "succeed", "successful", "succeeds", "completed", "complete"),
            *("done", "finish", "finished", "ready", "ok", "generated", "finalized"),
            *("成功", "完成", "已完成", "已成功", "生成成功", "处理成功", "任务成功"),
        ),
        SUCCEEDED,
    ),
    **dict.fromkeys(
        (
            *("failed", "fail", "fails", "failure", "error", "errored", "aborted", "abort"),
            *("rejected", "reject", "refused", "denied", "blocked", "moderated", "timeout"),
            *("timedout", "expired", "invalid", "unsuccessful", "exception", "terminated"),
            *("killed", "interrupted", "dead"),
            *("失败", "已失败", "生成失败", "处理失败", "任务失败"),
            *("超时", "已超时", "已拒绝", "异常"),
        ),
        FAILED,
    ),
    **dict.fromkeys(
        (
            *("cancelled", "canceled", "cancel", "cancelling", "canceling", "usercancelled"),
            *("usercanceled", "revoked", "已取消", "取消", "已撤销"),
        ),
        CANCELLED,
    ),
}
# What stands before the word itself, as in TASK_STATUS_SUCCEED, or behind it.
NOISE = re.compile(
    r"^(?:task|job|status|state|video|media|generation|generate|run|workflow|render)+"
    r"|successfully$"
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
    return WORDS.get(folded) or WORDS.get(NOISE.sub("", folded))
