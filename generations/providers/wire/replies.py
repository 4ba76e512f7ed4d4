"""A provider's answer, read once; what it means is each adapter's own affair."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import httpx

from generations.providers.contract import (
    ProviderError,
    Refused,
    Unauthorised,
    Unavailable,
    Unclear,
)

from .values import (
    TEXT_LIMIT,
    as_object,
    read_object,
    read_text,
    read_word,
)

RAW_LIMIT = 64 * 1024

# Contract 2.3: twice what an order may have, so that a listed prompt can be compared whole.
PROMPT_LIMIT = 10_000

# For a create, where the provider has no word of its own; any other status is unclear.
STATUSES: Mapping[int, type[ProviderError]] = {
    400: Refused,
    401: Unauthorised,
    402: Unauthorised,
    403: Unauthorised,
    404: Refused,
    413: Refused,
    429: Unavailable,
}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, read once. ``members`` is None where the body is no JSON object."""

    status: int
    members: Mapping[str, object] | None
    raw: str
    retry_after: float | None
    key: str = field(repr=False)

    @property
    def successful(self) -> bool:
        return 200 <= self.status < 300

    def get(self, name: str) -> object:
        return (self.members or {}).get(name)

    def part(self, name: str) -> "Reply":
        """The same answer, read from the object in one of its members."""
        return self.inside(self.get(name))

    def inside(self, value: object) -> "Reply":
        """The same answer, read from an object that is somewhere in it."""
        return replace(self, members=as_object(value))

    def text(self, name: str, *, limit: int = TEXT_LIMIT) -> str:
        """A member as text without the key, "" where it is missing or no text."""
        return redacted(read_text(self.get(name), limit=limit), self.key)

    def word(self, name: str) -> str:
        """A member as a word, "" where it is missing or no text."""
        return redacted(read_word(self.get(name)), self.key)

    def error(
        self, kind: type[ProviderError], code: str = "", message: str | None = None
    ) -> ProviderError:
        """The error of this answer; where the provider has no word, its HTTP status is the code."""
        return kind(
            code or f"http_{self.status}",
            self.text("message") if message is None else message,
            status=self.status,
            raw=self.raw,
            retry_after=self.retry_after,
        )

    def garbled(self, kind: type[ProviderError]) -> ProviderError:
        """The error of an answer that is not what the documents promise."""
        return self.error(kind, "garbled")

    def as_question(self, error: ProviderError) -> ProviderError:
        """A create's error as a question's, which is asked again unless the answer is a clear no.

        A page without JSON is no clear no: it may be of a proxy on the way.
        """
        if isinstance(error, Unclear) or (isinstance(error, Refused) and self.members is None):
            return self.error(Unavailable, error.code, error.message)
        return error


def read_reply(response: httpx.Response, key: str) -> Reply:
    """Read an answer whose body is there in full."""
    return Reply(
        status=response.status_code,
        members=read_object(response.content),
        raw=read_raw(response.content, key),
        retry_after=read_retry_after(response.headers.get("Retry-After", "")),
        key=key,
    )


def read_raw(content: bytes, key: str) -> str:
    """The body as text that can be stored: without the key, without NUL, at most 64 KiB long."""
    return redacted(content.decode("utf-8", "replace").replace("\0", ""), key)[:RAW_LIMIT]


def redacted(text: str, key: str) -> str:
    """``text`` with stars for the key, also where JSON has escaped its slashes."""
    if not key:
        return text
    return text.replace(key, "***").replace(key.replace("/", "\\/"), "***")


def read_retry_after(value: str) -> float | None:
    """Seconds of a Retry-After header; None for a date, since an adapter has no clock."""
    return float(value) if re.fullmatch(r"[0-9]{1,6}", value) else None


def read_order(reply: Reply, names: Mapping[str, str]) -> Mapping[str, str]:
    """What an answer repeats of its order: by our names, from its members of the other names."""
    said = {
        ours: reply.text(theirs, limit=PROMPT_LIMIT) if ours == "prompt" else reply.word(theirs)
        for ours, theirs in names.items()
    }
    return {name: value for name, value in said.items() if value}
