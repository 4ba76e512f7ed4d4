"""One request and its answer, with every failure of the way there named once for all providers.

``create`` is for a paid POST, ``ask`` for everything that may be asked again. What could not be
sent at all is ``Unavailable("unreachable")`` in both; what was lost after that is ``Unclear`` for
a create and ``Unavailable`` for a question.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx
import msgspec

from generations.providers.contract import (
    Access,
    Flow,
    ProviderError,
    Refused,
    Unauthorised,
    Unavailable,
    Unclear,
)
from generations.providers.members import read_object, read_text, read_word

RAW_LIMIT = 64 * 1024

# Raised before a byte of the request has left.
NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
)

# All else that httpx may raise while a request is out.
LOST = (httpx.HTTPError, httpx.StreamError, httpx.CookieConflict)

HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "Content-Type": "application/json",
    "User-Agent": "Rushes",
}

# What can stand in a header without changing its meaning.
SENDABLE_KEY = re.compile(r"[\x21-\x7e]+")


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

    def text(self, name: str) -> str:
        """A member as text without the key, "" where it is missing or no text."""
        return redacted(read_text(self.get(name)), self.key)

    def word(self, name: str) -> str:
        """A member as a word, "" where it is missing or no text."""
        return redacted(read_word(self.get(name)), self.key)

    def error(self, kind: type[ProviderError], code: str = "") -> ProviderError:
        """The error of this answer; where the provider has no word, its HTTP status is the code."""
        return kind(
            code or f"http_{self.status}",
            self.text("message"),
            status=self.status,
            raw=self.raw,
            retry_after=self.retry_after,
        )

    def garbled(self, kind: type[ProviderError]) -> ProviderError:
        """The error of an answer that is not what the documents promise."""
        return self.error(kind, "garbled")


def create(access: Access, request: httpx.Request) -> Flow[Reply]:
    """Send a paid POST once. Raises Unavailable (never left) or Unclear (no answer)."""
    try:
        response = yield request
    except NOT_SENT as error:
        raise Unavailable("unreachable", "The provider could not be reached.") from error
    except LOST as error:
        raise Unclear("no_answer", "The provider did not answer.") from error
    return read_reply(response, access.key)


def ask(access: Access, request: httpx.Request) -> Flow[Reply]:
    """Send what may be sent again. Raises Unavailable where no answer came."""
    try:
        response = yield request
    except NOT_SENT as error:
        raise Unavailable("unreachable", "The provider could not be reached.") from error
    except LOST as error:
        raise Unavailable("no_answer", "The provider did not answer.") from error
    return read_reply(response, access.key)


def build_request(
    access: Access,
    method: str,
    path: str,
    *,
    scheme: str,
    query: Mapping[str, str] | None = None,
    body: Mapping[str, object] | None = None,
) -> httpx.Request:
    """A request to ``path`` under the account's base address, authorised by ``scheme KEY``.

    Raises Unauthorised for a key that no header can carry, Unavailable for a broken address and
    Refused for text that is not Unicode.
    """
    if not SENDABLE_KEY.fullmatch(access.key):
        raise Unauthorised("key_malformed", "The key has characters that cannot be sent.")
    try:
        return httpx.Request(
            method,
            access.base_url.rstrip("/") + path,
            params=query,
            headers={**HEADERS, "Authorization": f"{scheme} {access.key}"},
            content=None if body is None else msgspec.json.encode(body),
        )
    except httpx.InvalidURL as error:
        raise Unavailable("unreachable", "The base address is not a valid address.") from error
    except UnicodeEncodeError as error:
        raise Refused("text_invalid", "The order has characters that cannot be sent.") from error


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
