"""What goes wrong with one exchange, by the words of a prompt or of the control endpoint."""

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass

from generations.sandbox.wire import Answer, Refusal
from generations.sandbox.words import Words

STATUSES = {
    "BadRequest": 400,
    "FieldLacking": 400,
    "FieldUnwanted": 400,
    "FieldItemCountOutOfRange": 400,
    "FieldInvalid": 400,
    "PageSizeOutOfRange": 400,
    "ImageDownloadFailure": 400,
    "ImageFormatInvalid": 400,
    "ImageCheckBodyJointsFailed": 400,
    "ImageCheckFaceFailed": 400,
    "ImageObjectsUndetected": 400,
    "OperationInProcess": 400,
    "TaskPromptPolicyViolation": 400,
    "AuditSubmitIllegal": 400,
    "CreationPolicyViolation": 400,
    "CreditInsufficient": 400,
    "ModelUnavailable": 400,
    "UserCancelled": 400,
    "Unauthorized": 401,
    "Forbidden": 403,
    "TaskNotFound": 404,
    "CreationNotFound": 404,
    "NotFound": 404,
    "Conflict": 409,
    "QuotaExceeded": 429,
    "TooManyRequests": 429,
    "SystemThrottling": 429,
    "Canceled": 499,
    "InternalServiceFailure": 500,
}
Wait = Callable[[float], object]


@dataclass(slots=True)
class Fault:
    """`on` is create, query or any; `times` is how often it still strikes, None for ever."""

    words: Words
    on: str = "any"
    times: int | None = None


class Faults:
    """The faults that the control endpoint has set, by key."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_key: dict[str, list[Fault]] = {}

    def set(self, key: str, fault: Fault) -> None:
        """A fault without words clears what was set for the key."""
        with self._lock:
            if fault.words.phrases:
                self._by_key.setdefault(key, []).append(fault)
            else:
                self._by_key.pop(key, None)

    def take(self, key: str, on: str) -> Words:
        """The words that strike this exchange."""
        with self._lock:
            striking = [
                fault
                for fault in self._by_key.get(key, [])
                if fault.on in (on, "any") and fault.times != 0
            ]
            for fault in striking:
                fault.times = None if fault.times is None else fault.times - 1
            return sum((fault.words for fault in striking), Words())

    def clear(self) -> None:
        with self._lock:
            self._by_key.clear()


def exchange(words: Words, produce: Callable[[], Answer], wait: Wait) -> Answer:
    """Answer with what is produced, unless a word says otherwise before or after it."""
    before = _before(words)
    if before is not None:
        return before
    answer = produce()
    if words.after("slow answer") is not None:
        wait(min(words.number("slow answer", 10), 120))
    return _after(words) or answer


def _before(words: Words) -> Answer | None:
    for name in ("refuse", "429"):
        reason = words.after(name)
        if reason is not None:
            reason = reason or ("TooManyRequests" if name == "429" else "BadRequest")
            raise Refusal(STATUSES.get(reason, 400), reason, f"asked for by [{name} {reason}]")
    if "drop before" in words:
        return Answer(dropped=True)
    if "code in 200" in words:
        return Answer(200, b'{"code":400,"reason":"BadRequest","message":"a code in a 200"}')
    return _server_error(words, "before")


def _after(words: Words) -> Answer | None:
    if "drop after" in words:
        return Answer(dropped=True)
    if "garbled" in words:
        return Answer(200, b'{"task_id":"9110260474603')
    return _server_error(words, "after")


def _server_error(words: Words, moment: str) -> Answer | None:
    for phrase in words.phrases:
        match = re.fullmatch(rf"(5\d\d) {moment}", phrase.lower())
        if match is None:
            continue
        if match[1] == "500":
            raise Refusal(500, "InternalServiceFailure", "asked for by a word")
        page = b"<html><body><h1>Bad gateway</h1></body></html>"
        return Answer(int(match[1]), page, "text/html")
    return None
