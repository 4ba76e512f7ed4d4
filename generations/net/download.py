"""Download the link of a result into a partial file: resume, count and hash it.

It uses httpcore, not httpx, because a signed link must arrive byte for byte: httpx normalises
the path and the query, httpcore sends the target that it is given. No credentials are sent.
"""

import hashlib
import os
import re
import ssl
import time
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from http import HTTPStatus
from pathlib import Path

import httpcore
import httpx

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

type Progress = Callable[[int, int | None], None]

REDIRECTS = {301, 302, 303, 307, 308}
MAX_REDIRECTS = 3
MAX_HEADERS = 100
MAX_HEADER_BYTES = 64 * 1024
HEADERS = {
    "Accept": "*/*",
    "Accept-Encoding": "identity",
    "Connection": "close",
    "User-Agent": "Rushes",
}
# Of the answers from 400 to 499, those that say nothing about the link.
TEMPORARY = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_EARLY,
    HTTPStatus.TOO_MANY_REQUESTS,
}
NETWORK_ERRORS = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpx.ConnectError,  # of our own sockets: a name without an address
)
CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
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

    Messages name hosts, never a whole link: its query is a secret.
    """


class LinkGone(DownloadError):
    """The server says that the link leads to nothing (any more)."""


class LinkForbidden(DownloadError):
    """The link, or a redirect, leads to an address or a scheme that is not allowed."""


class DownloadFailed(DownloadError):
    """The network or the server failed this time."""


class DownloadPaused(DownloadError):
    """The deadline came before the end of the file."""


class DownloadTooLarge(DownloadError):
    """The file is larger than the caller allows."""


# ---- The download ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SpeedLimits:
    """How slow a link may be: seconds for one step, and bytes per second during a window."""

    connect: float = 5
    silence: float = 20
    window: float = 30
    lowest_rate: int = 1024


DEFAULT_LIMITS = SpeedLimits()


@dataclass(frozen=True, slots=True)
class DownloadedFile:
    """A whole file: bytes, SHA-256 in hex, and two headers of the reply."""

    size: int
    sha256: str
    content_type: str
    etag: str


@dataclass(frozen=True, slots=True)
class PartialFile:
    """What an earlier call left: bytes, and their validator (ETag or date; "" if unknown)."""

    size: int = 0
    validator: str = ""

    def range_headers(self) -> dict[str, str]:
        """Headers that ask for the rest; none if a changed file would not be noticed."""
        if not (self.size and self.validator):
            return {}
        return {"Range": f"bytes={self.size}-", "If-Range": self.validator}


@dataclass(frozen=True, slots=True)
class BodyRange:
    """Which part of the file a reply holds: its first byte, and the whole file's size."""

    start: int
    total: int | None


class LinkReply:
    """The reply to a GET: its status, its headers, and an iterator over its body."""

    def __init__(self, response: httpcore.Response) -> None:
        self.status = response.status
        self.headers = Message()  # its keys have no case, and the first of two wins
        for name, value in response.headers:
            if len(value) > MAX_HEADER_BYTES or len(self.headers) >= MAX_HEADERS:
                raise DownloadFailed("The headers of the reply are too large.")
            self.headers[name.decode("latin-1")] = value.decode("latin-1")
        self.chunks = response.iter_stream()

    @property
    def length(self) -> int | None:
        """Bytes of the body; None if the server did not say."""
        if "Transfer-Encoding" in self.headers or "Content-Length" not in self.headers:
            return None
        return int(self.headers["Content-Length"])


def download(
    url: str,
    target: Path,
    policy: AddressPolicy,
    *,
    limit_bytes: int,
    deadline: float,
    on_progress: Progress | None = None,
    limits: SpeedLimits = DEFAULT_LIMITS,
    resolver: Resolver = resolve_host,
    tls: ssl.SSLContext | None = None,
) -> DownloadedFile:
    """Download ``url`` into ``target``, continuing after the bytes that are already there.

    ``deadline`` is in seconds for this call. ``on_progress`` gets (bytes so far, total or None)
    about once a second. Raises DownloadError, and OSError if the disk fails.
    """
    partial = _read_partial(target)
    with link_client(policy, seconds=deadline, limits=limits, resolver=resolver, tls=tls) as client:
        with client.get(url, partial.range_headers()) as reply:
            beyond_end = reply.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
            if not (beyond_end and partial.size):
                return _receive(reply, target, partial, limit_bytes, on_progress)
        # No byte follows what is here, so it may be of another file: all of it comes anew.
        discard(target)
        with client.get(url, {}) as reply:
            return _receive(reply, target, PartialFile(), limit_bytes, on_progress)


def discard(target: Path) -> None:
    """Delete a partial file and its validator."""
    target.unlink(missing_ok=True)
    _validator_path(target).unlink(missing_ok=True)


def _validator_path(target: Path) -> Path:
    return target.with_name(target.name + ".validator")


def _read_partial(target: Path) -> PartialFile:
    try:
        return PartialFile(target.stat().st_size, _validator_path(target).read_text().strip())
    except FileNotFoundError:
        return PartialFile()


def _receive(
    reply: LinkReply,
    target: Path,
    partial: PartialFile,
    limit_bytes: int,
    on_progress: Progress | None,
) -> DownloadedFile:
    _check_status(reply)
    try:
        body_range = _prepare_target(reply, target, partial)
        size, sha256 = _append_body(reply, target, body_range, limit_bytes, on_progress)
    except DownloadTooLarge:
        discard(target)
        raise
    if body_range.total is not None and size != body_range.total:
        raise DownloadFailed(f"The body ended after {size} of {body_range.total} bytes.")
    _validator_path(target).unlink(missing_ok=True)
    content_type = reply.headers.get_content_type()
    return DownloadedFile(size, sha256, content_type, reply.headers.get("ETag", ""))


def _check_status(reply: LinkReply) -> None:
    """Accept 200 and 206. From 400 on, all that is not said to be temporary means a dead link."""
    status = reply.status
    if status >= 500 or status in TEMPORARY:
        raise DownloadFailed(f"The server answered {status}.")
    if status >= 400:
        raise LinkGone(f"The server answered {status}.")
    if status not in {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT}:
        raise DownloadFailed(f"The server answered {status}, which is no file.")
    encoding = reply.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in {"", "identity"}:
        raise DownloadFailed(f"The body is encoded ({encoding}) though that was not asked for.")


def _prepare_target(reply: LinkReply, target: Path, partial: PartialFile) -> BodyRange:
    """Keep the partial file for a 206, delete it for a 200, which holds the whole file."""
    if reply.status == HTTPStatus.PARTIAL_CONTENT:
        return _check_range(reply, target, partial)
    # The validator stands here before the first byte, so that a worker may die at any time.
    discard(target)
    if validator := _validator(reply):
        _validator_path(target).write_text(validator)
    return BodyRange(0, reply.length)


def _check_range(reply: LinkReply, target: Path, partial: PartialFile) -> BodyRange:
    """The range of a 206; it must continue the partial file exactly, and be of the same file."""
    match = CONTENT_RANGE.fullmatch(reply.headers.get("Content-Range", ""))
    # A server that ignores If-Range sends the rest of a changed file; its ETag gives it away.
    etag = reply.headers.get("ETag", partial.validator)
    has_changed = partial.validator.startswith('"') and etag != partial.validator
    if not partial.range_headers() or not match or int(match[1]) != partial.size or has_changed:
        discard(target)
        raise DownloadFailed("The server sent another part of the file than was asked for.")
    total = int(match[2]) + 1 if match[3] == "*" else int(match[3])
    return BodyRange(partial.size, total)


def _validator(reply: LinkReply) -> str:
    """A strong ETag, or the date if there is no ETag at all (RFC 9110 section 13.1.5)."""
    etag = reply.headers.get("ETag")
    if etag is None:
        return reply.headers.get("Last-Modified", "")
    return "" if etag.startswith("W/") else etag


def _append_body(
    reply: LinkReply,
    target: Path,
    body_range: BodyRange,
    limit_bytes: int,
    on_progress: Progress | None,
) -> tuple[int, str]:
    """Append the body to the partial file; return the whole file's size and SHA-256."""
    if body_range.total is not None and body_range.total > limit_bytes:
        raise DownloadTooLarge(f"The file has {body_range.total} bytes, more than {limit_bytes}.")
    size, reported_at = body_range.start, time.monotonic()
    with target.open("ab") as file, target.open("rb") as earlier:
        # Earlier bytes are read again: no state of a hash outlives the job that began the file.
        digest = hashlib.file_digest(earlier, "sha256")
        for chunk in reply.chunks:
            size += len(chunk)
            if size > limit_bytes:  # a length may be missing
                raise DownloadTooLarge(f"The file has more than {limit_bytes} bytes.")
            digest.update(chunk)
            file.write(chunk)
            if on_progress and time.monotonic() - reported_at >= 1:
                reported_at = time.monotonic()
                on_progress(size, body_range.total)
        # The caller will write that the file is stored, and a power cut must not undo its bytes.
        file.flush()
        os.fsync(file.fileno())
    return size, digest.hexdigest()


# ---- The GET to a link ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LinkClient:
    """Opens links, all within one deadline."""

    pool: httpcore.ConnectionPool
    deadline: Deadline
    limits: SpeedLimits

    @contextmanager
    def get(self, url: str, headers: Mapping[str, str]) -> Iterator[LinkReply]:
        """The reply to a GET, after at most three redirects; raises DownloadError."""
        for _ in range(MAX_REDIRECTS + 1):
            with self._request(url, headers) as reply:
                if reply.status not in REDIRECTS:
                    yield reply
                    return
                url = _redirect_url(url, reply)
        raise DownloadFailed(f"More than {MAX_REDIRECTS} redirects.")

    @contextmanager
    def _request(self, url: str, headers: Mapping[str, str]) -> Iterator[LinkReply]:
        target = _parse_link(url)
        lines = {"Host": _host_header(target), **HEADERS, **headers}
        encoded = [(name.encode(), value.encode("latin-1")) for name, value in lines.items()]
        silence = self.limits.silence
        timeouts = {"connect": self.limits.connect, "read": silence, "write": silence}
        with (
            self._network_errors(target),
            self.pool.stream(
                "GET", target, headers=encoded, extensions={"timeout": timeouts}
            ) as response,
        ):
            yield LinkReply(response)

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


def _parse_link(url: str) -> httpcore.URL:
    """The link for httpcore, its path and query as they were written."""
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


def _host_header(target: httpcore.URL) -> str:
    """Host and port; httpcore's own header lacks the brackets of an IPv6 address."""
    host = target.host.decode()
    host = f"[{host}]" if ":" in host else host
    is_default = target.port == {b"http": 80, b"https": 443}[target.scheme]
    return host if is_default else f"{host}:{target.port}"


def _redirect_url(url: str, reply: LinkReply) -> str:
    # LinkReply reads headers as Latin-1; servers that send other bytes there mean UTF-8.
    location = reply.headers.get("Location", "").encode("latin-1").decode("utf-8", "replace")
    target = urllib.parse.urljoin(url, location)
    if url.lower().startswith("https:") and target.lower().startswith("http:"):
        raise LinkForbidden("A redirect leads from https to http.")
    return target
