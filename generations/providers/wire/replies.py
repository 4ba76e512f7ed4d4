"""A provider's answer as an object; each adapter decides what its members mean."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import httpx

from generations.providers.contract import ProviderError, Reason, Refused, Unavailable, Unclear

from .reasons import status_reason
from .values import TEXT_LIMIT, as_object, read_object, read_text, read_word

RAW_LIMIT = 64 * 1024

# Twice what an order may have (docs/wire.md, 2.3), so that a listed prompt can be compared whole.
PROMPT_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, or one object inside it. ``members`` is None where it is no JSON object.

    ``raw`` is the whole answer as text that can be stored; ``retry_after`` is in seconds.
    """

    status: int
    members: Mapping[str, object] | None
    raw: str
    retry_after: float | None
    key: str = field(repr=False)

    @property
    def is_successful(self) -> bool:
        """Whether the HTTP status is 2xx; the body may still tell an error."""
        return 200 <= self.status < 300

    def get(self, name: str) -> object:
        """A member as it came, None where it is missing."""
        return (self.members or {}).get(name)

    def child(self, name: str) -> "Reply":
        """The same answer, read from the object in one of its members."""
        return self.at(self.get(name))

    def at(self, value: object) -> "Reply":
        """The same answer, read from an object that is somewhere in it."""
        return replace(self, members=as_object(value))

    def text(self, name: str, *, limit: int = TEXT_LIMIT) -> str:
        """A member as text without the key, "" where it is missing or no text."""
        return redact(read_text(self.get(name), limit=limit), self.key)

    def word(self, name: str) -> str:
        """A member as a word of the provider's vocabulary, "" where it is missing or no text."""
        return redact(read_word(self.get(name)), self.key)

    def error(
        self,
        kind: type[ProviderError],
        code: str = "",
        message: str | None = None,
        *,
        reason: Reason | None = None,
    ) -> ProviderError:
        """The error of this answer; without the provider's own word its HTTP status is the code."""
        return kind(
            code or f"http_{self.status}",
            self.text("message") if message is None else message,
            reason=reason or status_reason(self.status),
            status=self.status,
            raw=self.raw,
            retry_after=self.retry_after,
        )

    def unreadable(self, kind: type[ProviderError], message: str | None = None) -> ProviderError:
        """The error of an answer that is not what the provider documents."""
        return self.error(kind, "garbled", message, reason=Reason.UNREADABLE)

    def as_question(self, error: ProviderError) -> ProviderError:
        """Turn the error of a create into that of a question, which may be asked again.

        Only a clear no stays Refused. A page without JSON is none: it may come from a proxy.
        """
        if isinstance(error, Unclear) or (isinstance(error, Refused) and self.members is None):
            return self.error(Unavailable, error.code, error.message, reason=error.reason)
        return error


def read_reply(response: httpx.Response, key: str) -> Reply:
    """Read an answer whose body is loaded; ``key`` is removed from all that is read as text."""
    return Reply(
        status=response.status_code,
        members=read_object(response.content),
        raw=read_raw(response.content, key),
        retry_after=read_retry_after(response.headers.get("Retry-After", "")),
        key=key,
    )


def read_raw(content: bytes, key: str) -> str:
    """The body as text that can be stored: without the key, without NUL, at most 64 KiB long."""
    return redact(content.decode("utf-8", "replace").replace("\0", ""), key)[:RAW_LIMIT]


def redact(text: str, key: str) -> str:
    """``text`` with stars for the key, also where JSON has escaped its slashes."""
    if not key:
        return text
    return text.replace(key, "***").replace(key.replace("/", "\\/"), "***")


def read_retry_after(value: str) -> float | None:
    """Seconds of a Retry-After header; None for a date, since an adapter has no clock."""
    return float(value) if re.fullmatch(r"[0-9]{1,6}", value) else None


def read_echo(reply: Reply, names: Mapping[str, str]) -> Mapping[str, str]:
    """What an answer repeats of its order; ``names`` maps our names to the answer's members."""
    echo = {
        ours: reply.text(theirs, limit=PROMPT_LIMIT) if ours == "prompt" else reply.word(theirs)
        for ours, theirs in names.items()
    }
    return {name: value for name, value in echo.items() if value}
