"""Follow the links of results: how they are read, the GET, and what can go wrong.

It uses httpcore, not httpx, because a signed link must arrive byte for byte: httpx normalises
the path and the query, httpcore sends the target that it is given. No credentials are sent.
"""

import re
import ssl
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import Message
from itertools import chain

import httpcore
import httpx

from .encodings import FREE_BYTES, InflatedTooLarge, unpack
from .error_pages import MAX_BYTES, ErrorPage, read_error_page
from .sockets import (
    AddressPolicy,
    Deadline,
    ForbiddenAddress,
    Resolver,
    RestrictedBackend,
    enforce_deadline,
    resolve_host,
    trusted_authorities,
)

REDIRECTS = {301, 302, 303, 307, 308}
MAX_REDIRECTS = 8  # a gateway, a sign-in of a store and a CDN may stand in a row
MAX_HEADERS = 100
MAX_HEADER_BYTES = 64 * 1024
HEADERS = {
    "Accept": "*/*",
    "Accept-Encoding": "identity",
    "Connection": "close",
    "User-Agent": "Rushes",
}
NETWORK_ERRORS = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpx.ConnectError,  # of our own sockets: a name without an address
)
LINK = re.compile(r"(?P<scheme>https?)://[^/?#]+(?P<target>[^#]*)", re.IGNORECASE)
PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))


# ---- What can go wrong ----------------------------------------------------------------------


class DownloadError(Exception):
    """What can go wrong with a download, named by what the caller must do.

    ::

        DownloadError
        ├── LinkGone          ask the provider for a new link
        ├── LinkForbidden     the address policy refused an address on the way
        ├── DownloadFailed    the network or the server failed: try again later; the bytes stay
        ├── DownloadPaused    the time of this call is over: call again to continue; the bytes stay
        └── DownloadTooLarge  more bytes than allowed; nothing stays

    Messages name hosts, never a whole link: its query is a secret. ``status`` is that of the
    reply, None where none came; ``excerpt`` is text of at most 500 characters from its body.
    """

    def __init__(self, message: str, status: int | None = None, excerpt: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.excerpt = excerpt


class LinkGone(DownloadError):
    """The server says that the link leads to nothing.

    ``is_expired``: True where it says that the link has expired, False where it gives another
    reason, such as that there is no such file, and None where it gives none.
    """

    def __init__(
        self,
        message: str,
        status: int | None = None,
        excerpt: str = "",
        is_expired: bool | None = None,
    ) -> None:
        super().__init__(message, status, excerpt)
        self.is_expired = is_expired


class LinkForbidden(DownloadError):
    """The link, or a redirect, leads to an address or a scheme that is not allowed."""


class DownloadFailed(DownloadError):
    """The network or the server failed this time."""


class DownloadPaused(DownloadError):
    """The deadline came before the end of the file."""


class DownloadTooLarge(DownloadError):
    """The file is larger than the caller allows."""


# ---- Links as they are written --------------------------------------------------------------


def parse_link(url: str) -> httpcore.URL:
    """Return the link for httpcore, its path and query as they were written."""
    match = LINK.fullmatch(url.partition("#")[0])
    if match is None:
        raise LinkForbidden("Only http and https links are followed.")
    scheme = match["scheme"].lower()
    try:
        # A name and a password in a link are left out: they are never sent.
        parts = urllib.parse.urlsplit(url)
        host = (parts.hostname or "").encode("idna")
        port = parts.port or (443 if scheme == "https" else 80)
    except ValueError as error:
        raise LinkForbidden("The link's host or port is not valid.") from error
    path = match["target"] if match["target"].startswith("/") else "/" + match["target"]
    # Only what cannot stand in a request line is encoded; "%" is among the safe signs.
    target = urllib.parse.quote(path, safe=PRINTABLE).encode()
    return httpcore.URL(scheme=scheme, host=host, port=port, target=target)


def host_header(target: httpcore.URL) -> str:
    """Return host and port; httpcore's own header lacks the brackets of an IPv6 address."""
    host = target.host.decode()
    host = f"[{host}]" if ":" in host else host
    is_default = target.port == {b"http": 80, b"https": 443}[target.scheme]
    return host if is_default else f"{host}:{target.port}"


def redirect_link(url: str, location: str) -> str:
    """Return where the header Location of the reply to ``url`` leads."""
    # Headers are read as Latin-1; servers that send other bytes there mean UTF-8.
    location = location.encode("latin-1").decode("utf-8", "replace").strip()
    target = urllib.parse.urljoin(url, location)
    if url.lower().startswith("https:") and target.lower().startswith("http:"):
        return _upgraded(target)
    return target


def _upgraded(url: str) -> str:
    """The https address of an http one, which a server writes that stands behind a TLS proxy."""
    try:
        parts = urllib.parse.urlsplit(url)
        if parts.port in {None, 80}:
            rest = url[url.index(parts.netloc) + len(parts.netloc) :]
            return f"https://{parts.netloc.removesuffix(':80')}{rest}"
    except ValueError:
        pass
    raise LinkForbidden("A redirect leads from https to http.")


# ---- The GET --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SpeedLimits:
    """How slow a link may be: seconds for one step, and bytes per second during a window."""

    connect: float = 5
    silence: float = 20
    window: float = 30
    lowest_rate: int = 1024


DEFAULT_LIMITS = SpeedLimits()


class LinkReply:
    """The reply to a GET: its status, its headers, and an iterator over its body."""

    def __init__(self, response: httpcore.Response, target: httpcore.URL) -> None:
        self._query = target.target.decode().partition("?")[2]
        self.status = response.status
        self.headers = Message()  # its keys have no case, and the first of two wins
        for name, value in response.headers:
            if len(value) > MAX_HEADER_BYTES or len(self.headers) >= MAX_HEADERS:
                raise DownloadFailed("The headers of the reply are too large.")
            self.headers[name.decode("latin-1")] = value.decode("latin-1")
        self.chunks: Iterator[bytes] = iter(response.iter_stream())

    @property
    def length(self) -> int | None:
        """Bytes of the body; None if the server did not say."""
        if "Transfer-Encoding" in self.headers or "Content-Length" not in self.headers:
            return None
        return int(self.headers["Content-Length"])

    def read(self, size: int) -> bytes:
        """Read the first bytes of the body: ``size`` of them, or all; ``chunks`` has the rest."""
        body = b""
        while len(body) < size and (chunk := next(self.chunks, b"")):
            body += chunk
        self.chunks = chain([body[size:]], self.chunks)
        return body[:size]

    def read_error(self) -> ErrorPage:
        """Read the first bytes of an error's body; an error that cannot be read says nothing."""
        body = b""
        with suppress(*NETWORK_ERRORS):
            for chunk in self.chunks:
                body += chunk
                if len(body) >= MAX_BYTES:
                    break
        with suppress(InflatedTooLarge):
            body = unpack(body, self.headers.get("Content-Encoding", ""), FREE_BYTES)
        return read_error_page(body[:MAX_BYTES], self._query)


@dataclass(frozen=True, slots=True)
class LinkClient:
    """Opens links, all within one deadline."""

    pool: httpcore.ConnectionPool
    deadline: Deadline
    limits: SpeedLimits

    @contextmanager
    def get(self, url: str, headers: Mapping[str, str]) -> Iterator[LinkReply]:
        """The reply to a GET, after a few redirects; raises DownloadError."""
        for _ in range(MAX_REDIRECTS + 1):
            with self._request(url, headers) as reply:
                if reply.status not in REDIRECTS:
                    yield reply
                    return
                url = redirect_link(url, reply.headers.get("Location", ""))
        raise DownloadFailed(f"More than {MAX_REDIRECTS} redirects.")

    @contextmanager
    def _request(self, url: str, headers: Mapping[str, str]) -> Iterator[LinkReply]:
        target = parse_link(url)
        lines = {"Host": host_header(target), **HEADERS, **headers}
        encoded = [(name.encode(), value.encode("latin-1")) for name, value in lines.items()]
        silence = self.limits.silence
        timeouts = {"connect": self.limits.connect, "read": silence, "write": silence}
        with (
            self._network_errors(target),
            self.pool.stream(
                "GET", target, headers=encoded, extensions={"timeout": timeouts}
            ) as response,
        ):
            yield LinkReply(response, target)

    @contextmanager
    def _network_errors(self, target: httpcore.URL) -> Iterator[None]:
        """Raise errors of the network as DownloadError; errors of the disk pass through."""
        try:
            yield
        except ForbiddenAddress as error:
            raise LinkForbidden(str(error)) from error
        except NETWORK_ERRORS as error:
            # Our own time is over, and nothing is wrong with the link: no try that failed.
            if self.deadline.is_over():
                raise DownloadPaused("The time of this call is over.") from error
            text = str(error) or type(error).__name__
            raise DownloadFailed(f"{target.host.decode()}: {text}") from error


@contextmanager
def link_client(
    policy: AddressPolicy,
    *,
    seconds: float,
    limits: SpeedLimits = DEFAULT_LIMITS,
    resolver: Resolver = resolve_host,
    tls: ssl.SSLContext | None = None,
) -> Iterator[LinkClient]:
    """A client that reaches only what ``policy`` allows, for ``seconds`` in all."""
    backend = RestrictedBackend(policy, resolver)
    with (
        httpcore.ConnectionPool(tls or trusted_authorities(), network_backend=backend) as pool,
        enforce_deadline(seconds, lowest_rate=limits.lowest_rate, window=limits.window) as deadline,
    ):
        yield LinkClient(pool, deadline, limits)
