"""W13: known words of refusal inside sentences, for orders and for failed tasks; W16: echoes."""

import json
from collections.abc import Callable
from typing import Any

from generations.sandbox.http import ApiError, Response
from generations.sandbox.tasks import SandboxTask

from .manner import EVERY, DraftReply, Interruption, Manner, Outcome
from .members import main_object

CODES = ("CreationPolicyViolation", "TaskPromptPolicyViolation", "AuditSubmitIllegal")
# The reason beside a refusal that only its message explains, with the HTTP status, by dialect.
GENERAL_REASONS = {
    "vidu": (400, "BadRequest"),
    "relay": (400, "error bad_response_status_code"),
    "vivienne": (200, "5001"),
    "apixo": (400, "400"),
}
Sentence = Callable[[str], str]
SENTENCES: dict[str, Sentence] = {
    "word": lambda code: code,
    "sentence": lambda code: f"Generation did not pass: {code}, please change the prompt (E-1042)",
    "chinese": lambda code: f"生成失败，原因：{code}，请修改提示词后重试",
    "json": lambda code: json.dumps({"code": 400, "reason": code, "message": "", "metadata": {}}),
    "prefixed": lambda code: f"rpc error: code = InvalidArgument desc = err_code:{code}",
    "letters": lambda code: f"upstream said {code.upper()}.",
}


def _refusal(sentence: Sentence, code: str) -> Callable[[SandboxTask, str], Response]:
    def build(task: SandboxTask, address: str) -> Response:
        status, reason = GENERAL_REASONS[task.dialect]
        raise ApiError(status, reason, sentence(code))

    return build


def _failure(sentence: Sentence, code: str) -> Callable[[DraftReply], Any]:
    """The sentence in the member that the dialect has for a failure."""

    def body(reply: DraftReply) -> Any:
        if reply.task.state == "failed" and reply.moment in ("query", "callback"):
            _explain(main_object(reply.body), sentence(code))
        return reply.body

    return body


def _explain(found: dict[str, Any], text: str) -> None:
    for name in ("err_code", "error", "fail_reason", "failMsg", "Message"):
        if isinstance(found.get(name), dict):
            found[name] = {"code": "upstream_error", "message": text}
        elif name in found:
            found[name] = text
    for name in ("err_msg", "failCode"):
        if name in found:
            found[name] = ""


def _refused(
    name: str, code: str, outcome: Outcome = "refused", *, stops_key: bool = False
) -> Manner:
    sentence = SENTENCES[name]
    return Manner(
        f"refusal {name} {code}",
        "W13",
        f"The order is refused with the message: {sentence(code)}",
        f"下单被拒绝，消息为：{sentence(code)}",
        outcome,
        interruption=Interruption("create", _refusal(sentence, code), times=0),
        stops_key=stops_key,
    )


def _failed(name: str, code: str) -> Manner:
    sentence = SENTENCES[name]
    return Manner(
        f"failure {name} {code}",
        "W13",
        f"The task fails with the words: {sentence(code)}",
        f"任务失败，说明为：{sentence(code)}",
        "told",
        # Vivienne's own message of a failure is always the bare word.
        EVERY if name != "word" else ("vidu", "relay", "apixo"),
        implied=(f"fail {code}",),
        body=_failure(sentence, code),
    )


REFUSAL_MANNERS = (
    *(_refused(name, code) for name in SENTENCES for code in CODES[:2]),
    _refused("sentence", "ModelUnavailable"),
    _refused("sentence", "ImageDownloadFailure"),
    # The key has no credits left, or is none: the order waits, and all others of that key.
    *(_refused(name, "CreditInsufficient", "told", stops_key=True) for name in SENTENCES),
    *(_refused(name, "Unauthorized", "told", stops_key=True) for name in ("word", "sentence")),
    *(_failed(name, code) for name in SENTENCES for code in CODES),
)


# ---- W16: echoes ----------------------------------------------------------------------------

SENTENCE = "```\nA lighthouse at dusk, slow push in, warm light on wet stones.\n```"


def _early(reply: DraftReply) -> dict[str, Any]:
    """What a provider tells of a task while it is under way."""
    task = reply.task
    return {
        "enhanced_prompt": SENTENCE,
        "seed": task.order.get("seed", 0),
        "created_at": int(task.created_at),
        "started_at": int(task.started_at),
        "status_update_time": int((task.started_at or task.created_at) * 1000),
    }


def _echoed(late: Callable[[DraftReply], dict[str, Any]]) -> Callable[[DraftReply], Any]:
    """The echoes in early replies, and what `late` makes of them once the task has ended."""

    def body(reply: DraftReply) -> Any:
        if reply.moment == "query":
            main_object(reply.body).update(late(reply) if reply.task.is_final else _early(reply))
        return reply.body

    return body


def _at_end(reply: DraftReply) -> Any:
    """The echoes in the last reply only; in the first one the seed is that of the order."""
    if reply.moment == "create" and "seed" in reply.body:
        reply.body["seed"] = 0
    if reply.moment == "query" and reply.task.is_final:
        main_object(reply.body).update(_early(reply))
    return reply.body


def _overwritten(value: Any) -> Callable[[DraftReply], dict[str, Any]]:
    return lambda reply: dict.fromkeys(_early(reply), value)


def _cost_gone(reply: DraftReply) -> Any:
    if reply.moment == "query" and reply.task.is_final and "credits" in reply.body:
        reply.body["credits"] = None
    return reply.body


ECHO_MANNERS = (
    Manner(
        "echo once",
        "W16",
        "The prompt as it was rewritten, the seed and the times stand in early replies only.",
        "改写后的提示词、种子和时间只出现在早期回复中。",
        body=_echoed(lambda _: {}),
    ),
    Manner(
        "echo null",
        "W16",
        "The same, and later they are null.",
        "同上，之后变为 null。",
        body=_echoed(_overwritten(None)),
    ),
    Manner(
        "echo zero",
        "W16",
        "The same, and later they are 0.",
        "同上，之后变为 0。",
        body=_echoed(_overwritten(0)),
    ),
    Manner(
        "echo empty",
        "W16",
        "The same, and later they are empty texts.",
        "同上，之后变为空文本。",
        body=_echoed(_overwritten("")),
    ),
    Manner(
        "echo at end",
        "W16",
        "The seed really used and the times stand in the last reply only.",
        "实际种子和时间只出现在最后的回复中。",
        body=_at_end,
    ),
    Manner(
        "echo cost gone",
        "W16",
        "The reply to the order tells the cost; the last reply says null.",
        "下单回复给出费用，最后的回复为 null。",
        dialects=("vidu",),
        body=_cost_gone,
    ),
)
