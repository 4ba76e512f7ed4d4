"""The relay's errors (contract 4.4): its own words first, then an upstream error that it wraps."""

from collections.abc import Mapping
from types import MappingProxyType

from generations.providers.contract import ProviderError, Refused, Unauthorised, Unclear
from generations.providers.members import as_object, read_identifier, read_object
from generations.providers.reply import STATUSES, Reply
from generations.providers.vidu_errors import REASONS

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
    kind = CODES.get(code) or STATUSES.get(reply.status, Unclear)
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
