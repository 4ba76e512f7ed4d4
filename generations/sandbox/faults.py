"""What goes wrong with one exchange, by the words of a prompt or of the control endpoint."""

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from .http import Answer, Refusal

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
PAGE = b"<html><body><h1>Bad gateway</h1></body></html>"
Wait = Callable[[float], object]


@dataclass(frozen=True, slots=True)
class Manners:
    """How a dialect goes wrong: its reasons with their statuses, and its broken replies.

    `otherwise` is the status of a reason that stands in no table; `refused`, `throttled` and
    `broken` are the reasons of [refuse], [429] and [500 before]; `said` are messages by reason.
    """

    statuses: Mapping[str, int]
    garbled: bytes
    code_in_200: bytes
    otherwise: int = 400
    refused: str = "BadRequest"
    throttled: str = "TooManyRequests"
    broken: str = "InternalServiceFailure"
    said: Mapping[str, str] = field(default_factory=dict)

    def refusal(self, status: int, reason: str, word: str) -> Refusal:
        return Refusal(status, reason, self.said.get(reason, f"asked for by [{word}]"))


VIDU = Manners(
    STATUSES,
    garbled=b'{"task_id":"9110260474603',
    code_in_200=b'{"code":400,"reason":"BadRequest","message":"a code in a 200"}',
)


@dataclass(frozen=True, slots=True)
class Words:
    phrases: tuple[str, ...] = ()

    @classmethod
    def of(cls, *texts: str) -> "Words":
        found = (phrase for text in texts for phrase in BRACKETED.findall(text))
        return cls(tuple(" ".join(phrase.split()) for phrase in found))

    def __contains__(self, phrase: str) -> bool:
        return any(own.lower() == phrase for own in self.phrases)

    def __add__(self, other: "Words") -> "Words":
        return Words(self.phrases + other.phrases)

    def after(self, name: str) -> str | None:
        """What follows `name` in the first phrase that begins with it; "" when nothing does."""
        return next(self._followers(name), None)

    def under(self, name: str) -> "Words":
        """The phrases that begin with `name`, without it: `drop` of `[query drop]`."""
        return Words(tuple(follower for follower in self._followers(name) if follower))

    def number(self, name: str, default: float) -> float:
        """The number after `name`, or the default when there is none."""
        text = self.after(name) or ""
        return float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else default

    def brackets(self) -> str:
        return " ".join(f"[{phrase}]" for phrase in self.phrases)

    def _followers(self, name: str) -> Iterator[str]:
        for phrase in self.phrases:
            if phrase.lower() == name:
                yield ""
            elif phrase.lower().startswith(f"{name} "):
                yield phrase[len(name) + 1 :]


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


def exchange(
    words: Words, produce: Callable[[], Answer], wait: Wait, manners: Manners = VIDU
) -> Answer:
    """Answer with what is produced, unless a word says otherwise before or after it."""
    before = _before(words, manners)
    if before is not None:
        return before
    answer = produce()
    if words.after("slow answer") is not None:
        wait(min(words.number("slow answer", 10), 120))
    return _after(words, manners) or answer


def _before(words: Words, manners: Manners) -> Answer | None:
    if (reason := words.after("refuse")) is not None:
        reason = reason or manners.refused
        status = manners.statuses.get(reason, manners.otherwise)
        raise manners.refusal(status, reason, f"refuse {reason}")
    if (reason := words.after("429")) is not None:
        reason = reason or manners.throttled
        raise manners.refusal(429, reason, f"429 {reason}")
    if "drop before" in words:
        return Answer(dropped=True)
    if "code in 200" in words:
        return Answer(200, manners.code_in_200)
    return _server_error(words, "before", manners)


def _after(words: Words, manners: Manners) -> Answer | None:
    if "drop after" in words:
        return Answer(dropped=True)
    if "garbled" in words:
        return Answer(200, manners.garbled)
    if "not json" in words:
        return Answer(200, PAGE, "text/html")
    return _server_error(words, "after", manners)


def _server_error(words: Words, moment: str, manners: Manners) -> Answer | None:
    for phrase in words.phrases:
        match = re.fullmatch(rf"(5\d\d) {moment}", phrase.lower())
        if match is None:
            continue
        if match[1] == "500":
            raise manners.refusal(500, manners.broken, phrase)
        return Answer(int(match[1]), PAGE, "text/html")
    return None


BRACKETED = re.compile(r"\[([^\[\]]{1,80})\]")


def plain(text: str) -> str:
    """The text without its bracketed words, as it is drawn on a clip."""
    return " ".join(BRACKETED.sub(" ", text).split())
