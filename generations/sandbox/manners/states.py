"""W1: words of state in other letters, other words for the same, and words that nobody knows."""

from collections.abc import Callable
from typing import Any

from .manner import DraftReply, Manner
from .members import change_state, state_members, without_films

UNKNOWN = "archived_ok"
Hook = Callable[[DraftReply], Any]


def _lettered(new: Callable[[str], str]) -> Hook:
    """Every word of state, in other letters."""

    def body(reply: DraftReply) -> Any:
        change_state(reply, lambda word: new(str(word)))
        return reply.body

    return body


def _instead(new: Any, *states: str) -> Hook:
    """Another word while the task is in one of these states."""

    def body(reply: DraftReply) -> Any:
        if reply.task.state in states:
            change_state(reply, lambda _: new)
        return reply.body

    return body


def _without_film(reply: DraftReply) -> Any:
    if reply.task.state == "success":
        change_state(reply, lambda _: UNKNOWN)
        return without_films(reply.body)
    return reply.body


def _renamed(name: str) -> Hook:
    """The word under another name."""

    def body(reply: DraftReply) -> Any:
        if reply.moment != "query":
            return reply.body
        for found, old in state_members(reply.body):
            found[name] = found.pop(old)
        return reply.body

    return body


def _enveloped(reply: DraftReply) -> Any:
    """The whole reply in an envelope with a status of its own, which is that of the request."""
    if reply.moment != "query":
        return reply.body
    return {"status": "success", "request_id": "9f1c", "data": reply.body}


def _absent(reply: DraftReply) -> Any:
    """No word of state at all beside the finished film."""
    if reply.task.state == "success" and reply.moment == "query":
        for found, name in state_members(reply.body):
            del found[name]
    return reply.body


def _done(word: str) -> Manner:
    english, chinese = f"A finished task is called {word}.", f"完成的任务写作 {word}。"
    return Manner(f"state {word}", "W1", english, chinese, body=_instead(word, "success"))


def _running(word: str) -> Manner:
    english, chinese = f"A running task is called {word}.", f"运行中的任务写作 {word}。"
    return Manner(f"state {word}", "W1", english, chinese, body=_instead(word, "processing"))


def _queued(word: str) -> Manner:
    english, chinese = f"A waiting task is called {word}.", f"排队的任务写作 {word}。"
    hook = _instead(word, "created", "queueing")
    return Manner(f"state {word}", "W1", english, chinese, body=hook)


def _failed(word: str) -> Manner:
    english, chinese = f"A failed task is called {word}.", f"失败的任务写作 {word}。"
    return Manner(
        f"state {word}",
        "W1",
        english,
        chinese,
        "told",
        implied=("fail CreationPolicyViolation",),
        body=_instead(word, "failed"),
    )


MANNERS = (
    Manner(
        "state capitals",
        "W1",
        "All words of state are in capitals.",
        "状态词全部大写。",
        body=_lettered(str.upper),
    ),
    Manner(
        "state title",
        "W1",
        "All words of state begin with a capital.",
        "状态词首字母大写。",
        body=_lettered(str.title),
    ),
    Manner(
        "state blanks",
        "W1",
        "Blanks stand before and behind each word of state.",
        "状态词前后有空格。",
        body=_lettered(lambda word: f" {word.title()} "),
    ),
    Manner(
        "state newline",
        "W1",
        "A line break and an invisible letter stand behind each word of state.",
        "状态词后有换行和不可见字符。",
        body=_lettered(lambda word: f"\ufeff{word}\r\n"),
    ),
    Manner(
        "state quoted",
        "W1",
        "Each word of state is in quotes of its own.",
        "状态词自带引号。",
        body=_lettered(lambda word: f'"{word}"'),
    ),
    Manner(
        "state prefixed",
        "W1",
        "Each word of state has the prefix of an enumeration, as TASK_STATUS_SUCCESS.",
        "状态词带枚举前缀，如 TASK_STATUS_SUCCESS。",
        body=_lettered(lambda word: f"TASK_STATUS_{word.upper()}"),
    ),
    *map(
        _done,
        (
            "SUCCEEDED",
            "succeed",
            "successful",
            "done",
            "finished",
            "Completed",
            "complete",
            "ready",
            "generated",
            "ok",
            "已完成",
        ),
    ),
    *map(_running, ("in-progress", "In Progress", "generating", "Running", "started", "生成中")),
    *map(_queued, ("waiting", "NOT_START", "in_queue", "accepted", "preparing")),
    *map(_failed, ("FAILURE", "errored", "Rejected", "aborted", "timeout", "cancelled", "失败")),
    Manner(
        "state unknown",
        "W1",
        f"A finished task is called {UNKNOWN}, beside its film.",
        f"完成的任务写作 {UNKNOWN}，旁边有影片链接。",
        body=_instead(UNKNOWN, "success"),
    ),
    Manner(
        "state unknown no film",
        "W1",
        f"A finished task is called {UNKNOWN}, and there is no film.",
        f"完成的任务写作 {UNKNOWN}，没有影片链接。",
        "told",
        body=_without_film,
    ),
    Manner(
        "state unknown running",
        "W1",
        "A running task is called hibernating; it ends well.",
        "运行中的任务写作 hibernating，随后正常完成。",
        body=_instead("hibernating", "processing"),
    ),
    Manner(
        "state number",
        "W1",
        "The state of a finished task is the number 2, beside its film.",
        "完成的任务状态为数字 2，旁边有影片链接。",
        body=_instead(2, "success"),
    ),
    Manner(
        "state null",
        "W1",
        "The state of a finished task is null, beside its film.",
        "完成的任务状态为 null，旁边有影片链接。",
        body=_instead(None, "success"),
    ),
    Manner(
        "state absent",
        "W1",
        "A finished task has no word of state, only its film.",
        "完成的任务没有状态词，只有影片链接。",
        body=_absent,
    ),
    Manner(
        "state object",
        "W1",
        "The state of a finished task is an object with a code and a name.",
        "完成的任务状态为含代码和名称的对象。",
        body=_instead({"code": 2, "name": "success"}, "success"),
    ),
    Manner(
        "state list",
        "W1",
        "The state of a finished task is a list of one word.",
        "完成的任务状态为只有一个词的列表。",
        body=_instead(["success"], "success"),
    ),
    Manner(
        "state envelope",
        "W1",
        "The reply to a query is in an envelope whose own status is always success.",
        "查询回复外面有一层信封，其自身的 status 始终为 success。",
        dialects=("vidu", "relay"),
        body=_enveloped,
    ),
    Manner(
        "state elsewhere",
        "W1",
        "The word of state is called task_status.",
        "状态词的字段名为 task_status。",
        body=_renamed("task_status"),
    ),
)
