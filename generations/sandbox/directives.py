"""Directives: texts in square brackets in a prompt, which choose what goes wrong with an order.

The first half reads them. The second half has the faults that they cause in one HTTP exchange, by
the directives of an order or of a key; those of files, callbacks and films stand where these are.
"""

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from .http import ApiError, Response

BRACKETED = re.compile(r"\[([^\[\]]{1,80})\]")


@dataclass(frozen=True, slots=True)
class Directives:
    """The directives of one order, or of one fault that a test has set.

    A directive is a name and perhaps an argument: `[refuse FieldInvalid]`. Names may be written in
    capitals or not; the names that are asked for are lower case.
    """

    phrases: tuple[str, ...] = ()

    @classmethod
    def parse(cls, *texts: str) -> "Directives":
        """All that stands in square brackets in the texts."""
        found = (phrase for text in texts for phrase in BRACKETED.findall(text))
        return cls(tuple(" ".join(phrase.split()) for phrase in found))

    def __contains__(self, phrase: str) -> bool:
        return any(own.lower() == phrase for own in self.phrases)

    def __add__(self, other: "Directives") -> "Directives":
        return Directives(self.phrases + other.phrases)

    def argument(self, name: str) -> str | None:
        """The argument of the first directive with this name; "" without one, None if absent."""
        return next(self._arguments(name), None)

    def numeric_argument(self, name: str, default: float) -> float:
        """The argument as a number, or the default if it is absent or not a number."""
        text = self.argument(name) or ""
        return float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else default

    def scoped(self, name: str) -> "Directives":
        """The directives that begin with `name`, without it: `drop` of `[query drop]`."""
        return Directives(tuple(argument for argument in self._arguments(name) if argument))

    def _arguments(self, name: str) -> Iterator[str]:
        for phrase in self.phrases:
            if phrase.lower() == name:
                yield ""
            elif phrase.lower().startswith(f"{name} "):
                yield phrase[len(name) + 1 :]


def without_directives(text: str) -> str:
    """The text as it is drawn on a clip or spoken in a narration."""
    return " ".join(BRACKETED.sub(" ", text).split())


# ---- Faults ---------------------------------------------------------------------------------

HTML_PAGE = b"<html><body><h1>Bad gateway</h1></body></html>"
Wait = Callable[[float], object]


@dataclass(frozen=True, slots=True)
class FaultProfile:
    """How one dialect goes wrong: its reasons with their HTTP statuses, and its broken replies.

    A reason that is in no table has the `default_status`. `refuse_reason`, `throttle_reason` and
    `server_error_reason` are those of `[refuse]`, `[429]` and `[500 before]` without an argument.
    """

    statuses: Mapping[str, int]
    garbled: bytes
    code_in_200: bytes
    default_status: int = 400
    refuse_reason: str = "BadRequest"
    throttle_reason: str = "TooManyRequests"
    server_error_reason: str = "InternalServiceFailure"
    messages: Mapping[str, str] = field(default_factory=dict)

    def error(self, status: int, reason: str, phrase: str) -> ApiError:
        return ApiError(status, reason, self.messages.get(reason, f"asked for by [{phrase}]"))


@dataclass(slots=True)
class KeyFault:
    """`on` is create, query or any; `times` is how often it still applies, None without end."""

    directives: Directives
    on: str = "any"
    times: int | None = None


class KeyFaults:
    """The faults that the control endpoint has set, by API key."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_key: dict[str, list[KeyFault]] = {}

    def set(self, key: str, fault: KeyFault) -> None:
        """Add a fault; one without directives clears all faults of the key."""
        with self._lock:
            if fault.directives.phrases:
                self._by_key.setdefault(key, []).append(fault)
            else:
                self._by_key.pop(key, None)

    def consume(self, key: str, on: str) -> Directives:
        """The directives for one exchange; each fault that applies is counted down."""
        with self._lock:
            applying = [
                fault
                for fault in self._by_key.get(key, [])
                if fault.on in (on, "any") and fault.times != 0
            ]
            # Counted down under the lock: of two requests at once, only one may use the last time.
            for fault in applying:
                fault.times = None if fault.times is None else fault.times - 1
            return sum((fault.directives for fault in applying), Directives())

    def clear(self) -> None:
        with self._lock:
            self._by_key.clear()


def apply_faults(
    directives: Directives, respond: Callable[[], Response], wait: Wait, profile: FaultProfile
) -> Response:
    """The response to one request, unless a directive replaces it before or after `respond` ran.

    Raises ApiError where the fault is an error of the dialect's own table.
    """
    # What fails before `respond` ran has created nothing; what fails after it has. A client cannot
    # tell the two apart, and is tested with both.
    before = _fault_before(directives, profile)
    if before is not None:
        return before
    response = respond()
    if directives.argument("slow answer") is not None:
        wait(min(directives.numeric_argument("slow answer", 10), 120))
    return _fault_after(directives, profile) or response


def _fault_before(directives: Directives, profile: FaultProfile) -> Response | None:
    if (reason := directives.argument("refuse")) is not None:
        reason = reason or profile.refuse_reason
        status = profile.statuses.get(reason, profile.default_status)
        raise profile.error(status, reason, f"refuse {reason}")
    if (reason := directives.argument("429")) is not None:
        reason = reason or profile.throttle_reason
        raise profile.error(429, reason, f"429 {reason}")
    if "drop before" in directives:
        return Response(dropped=True)
    if "code in 200" in directives:
        return Response(200, profile.code_in_200)
    return _server_error(directives, "before", profile)


def _fault_after(directives: Directives, profile: FaultProfile) -> Response | None:
    if "drop after" in directives:
        return Response(dropped=True)
    if "garbled" in directives:
        return Response(200, profile.garbled)
    if "not json" in directives:
        return Response(200, HTML_PAGE, "text/html")
    return _server_error(directives, "after", profile)


def _server_error(directives: Directives, moment: str, profile: FaultProfile) -> Response | None:
    for phrase in directives.phrases:
        match = re.fullmatch(rf"(5\d\d) {moment}", phrase.lower())
        if match is None:
            continue
        # A 500 comes from the provider itself, any other from a proxy in front of it.
        if match[1] == "500":
            raise profile.error(500, profile.server_error_reason, phrase)
        return Response(int(match[1]), HTML_PAGE, "text/html")
    return None
