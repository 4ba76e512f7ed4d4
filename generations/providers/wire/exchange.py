"""One request and its answer, with every failure of the way there named once for all providers.

``create`` is for a paid POST, ``ask`` for everything that may be asked again. What could not be
sent at all is ``Unavailable("unreachable")`` in both; what was lost after that is ``Unclear`` for
a create and ``Unavailable`` for a question.
"""

import re
from collections.abc import Mapping
from typing import Never

import httpx
import msgspec

from generations.providers.contract import Access, Flow, Refused, Unauthorised, Unavailable, Unclear

from .replies import Reply, read_reply
from .values import read_identifier

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


def not_offered(what: str) -> Flow[Never]:
    """Refuses before it asks anything: this provider has no such call."""
    raise Refused("not_offered", f"This provider has no {what}.")
    yield


def build_request(
    access: Access,
    method: str,
    path: str,
    *,
    scheme: str = "Bearer",
    header: str = "Authorization",
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
            headers={**HEADERS, header: f"{scheme} {access.key}".lstrip()},
            content=None if body is None else msgspec.json.encode(body),
        )
    except httpx.InvalidURL as error:
        raise Unavailable("unreachable", "The base address is not a valid address.") from error
    except UnicodeEncodeError as error:
        raise Refused("text_invalid", "The order has characters that cannot be sent.") from error


def require_number(number: str) -> str:
    """Raises Refused for a number that no provider gave, so that it cannot lead elsewhere."""
    if not read_identifier(number):
        raise Refused("number_invalid", "This is not the number of a task.")
    return number
