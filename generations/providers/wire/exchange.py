"""One request and its answer, with every transport failure turned into a ``ProviderError``.

``create`` is for a paid POST, ``ask`` for everything that may be asked again. A request that was
not sent at all is ``Unavailable`` in both. One that was lost after that is ``Unclear`` for a create
and ``Unavailable`` for a question. A redirect is never followed: a POST would arrive as a GET, and
the key would go to another host (docs/wire.md, 1.7).
"""

import re
from collections.abc import Mapping, Sequence
from typing import Never
from urllib.parse import quote

import httpx
import msgspec

from generations.providers.contract import (
    Access,
    AccountBalance,
    FilmReport,
    Flow,
    Listing,
    ProviderError,
    Reason,
    Refused,
    Unauthorised,
    Unavailable,
    Unclear,
)

from .replies import REDIRECTS, Reply, error_of_redirect, read_reply
from .values import read_identifier

# Raised before a byte of the request has left.
NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
)

# Everything else that httpx may raise once a request is out.
LOST = (httpx.HTTPError, httpx.StreamError, httpx.CookieConflict)

HEADERS = {
    "Accept": "application/json",
    # Some gateways claim an encoding that they do not use (1.6), so none is asked for.
    "Accept-Encoding": "identity",
    "Content-Type": "application/json",
    "User-Agent": "Rushes",
}

# The characters that a header carries unchanged. An HTTP client's error would quote any others,
# and so the key.
SENDABLE_KEY = re.compile(r"[\x21-\x7e]+")


def create(access: Access, request: httpx.Request) -> Flow[Reply]:
    """Send a paid POST once. Raises Unavailable (never sent), Refused (sent on to another address)
    or Unclear (no answer).

    A redirect with an object is handed on, which may name an order.
    """
    reply = yield from _send(access, request, lost=Unclear)
    if reply.status in REDIRECTS and reply.members is None:
        raise error_of_redirect(reply, Refused)
    return reply


def ask(access: Access, request: httpx.Request) -> Flow[Reply]:
    """Send a request that may be sent again. Raises Unavailable where no answer came."""
    reply = yield from _send(access, request, lost=Unavailable)
    if reply.status in REDIRECTS:
        raise error_of_redirect(reply, Unavailable)
    return reply


def _send(access: Access, request: httpx.Request, *, lost: type[ProviderError]) -> Flow[Reply]:
    try:
        response = yield request
    except NOT_SENT as error:
        raise _unreachable("The provider could not be reached.") from error
    except LOST as error:
        raise lost("no_answer", "The provider did not answer.", reason=Reason.NO_ANSWER) from error
    return read_reply(response, access.key, request.url.scheme)


def _unreachable(message: str) -> Unavailable:
    return Unavailable("unreachable", message, reason=Reason.UNREACHABLE)


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
    """A request to ``path`` under the account's base address, with ``scheme KEY`` in ``header``.

    Raises Unauthorised for a key that no header can carry, Unavailable for a broken address and
    Refused for text that is not Unicode.
    """
    if not SENDABLE_KEY.fullmatch(access.key):
        raise Unauthorised(
            "key_malformed",
            "The key has characters that cannot be sent.",
            reason=Reason.KEY_MALFORMED,
        )
    try:
        return httpx.Request(
            method,
            access.base_url.rstrip("/") + path,
            params=query,
            # Without a scheme the key stands alone, and no space before it.
            headers={**HEADERS, header: f"{scheme} {access.key}".lstrip()},
            content=None if body is None else msgspec.json.encode(body),
        )
    except httpx.InvalidURL as error:
        raise _unreachable("The base address is not a valid address.") from error
    except UnicodeEncodeError as error:  # half a surrogate pair, which JSON can carry
        raise Refused("text_invalid", "The order has characters that cannot be sent.") from error


def require_remote_id(remote_id: str) -> str:
    """The id, trimmed. Raises Refused for what is none (docs/wire.md, 1.3).

    Task 0 is no id either: adapters ask for it where a key is tested, and build that path alone.
    """
    if not (identifier := read_identifier(remote_id)):
        raise Refused("remote_id_invalid", "This is not the id of a task.")
    return identifier


def id_in_path(remote_id: str) -> str:
    """An id as one segment of a path, or as one value of a query. Raises Refused for none."""
    return quote(require_remote_id(remote_id), safe="")


class MinimalAdapter:
    """Refuses the calls that not every provider has; an adapter overrides those it can make."""

    has_balance = False
    has_list = False
    can_cancel = False

    def cancel(self, access: Access, remote_id: str) -> Flow[None]:
        return not_offered("cancel")

    def balance(self, access: Access) -> Flow[AccountBalance]:
        return not_offered("balance")

    def find(self, access: Access, *, since: str, until: str) -> Flow[Sequence[Listing]]:
        return not_offered("list of tasks")

    def subjects(self, access: Access) -> Flow[Sequence[Listing]]:
        return not_offered("kept subjects")

    def film(self, access: Access, remote_id: str) -> Flow[FilmReport]:
        return not_offered("ad films")


def not_offered(what: str) -> Flow[Never]:
    """The flow of a call that a provider does not have: it refuses before it sends anything."""
    raise Refused("not_offered", f"This provider has no {what}.")
    yield  # never reached: it makes this a flow, which raises only when it is run
