"""Downloads what an order names: only addresses of this machine, no redirects, a deadline.

So the sandbox never sends a request into the internet.
"""

import http.client
import time
from collections.abc import Iterator
from functools import cache
from ipaddress import ip_address
from typing import IO, Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, ProxyHandler, build_opener

CHUNK = 1 << 16
CONNECT_SECONDS = 10.0


class DownloadFailure(Exception):
    """An address cannot be fetched; `is_too_large` where it has more bytes than are taken."""

    def __init__(self, message: str, *, is_too_large: bool = False) -> None:
        super().__init__(message)
        self.is_too_large = is_too_large


def download(url: str, most: int, seconds: float = CONNECT_SECONDS) -> Iterator[bytes]:
    """The content of an address in chunks: at most so many bytes, within so many seconds."""
    try:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not _is_local(parts.hostname or ""):
            raise DownloadFailure("only http(s) addresses of this machine are fetched")
        with _opener().open(url, timeout=CONNECT_SECONDS) as response:
            yield from _chunks(response, most, seconds)
    except HTTPError as error:
        with error:  # it holds the connection
            raise DownloadFailure(f"the address answers {error.code}") from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise DownloadFailure(f"the address could not be fetched: {error}") from error


def _chunks(response: IO[bytes], most: int, seconds: float) -> Iterator[bytes]:
    # The timeout of the connection is for each read alone; a server that drips needs a deadline.
    size, deadline = 0, time.monotonic() + seconds
    while chunk := response.read(CHUNK):
        size += len(chunk)
        if size > most:
            raise DownloadFailure(f"the file is larger than {most} bytes", is_too_large=True)
        if time.monotonic() > deadline:
            raise DownloadFailure(f"the file took more than {seconds:.0f} seconds")
        yield chunk


def _is_local(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class _NoRedirect(HTTPRedirectHandler):
    """A redirect could lead out of this machine."""

    def redirect_request(self, *_: Any) -> None:
        return None


@cache  # each one has a TLS context, whose certificates take 10 ms to load
def _opener() -> OpenerDirector:
    # Without the proxy of the environment, which is another machine.
    return build_opener(ProxyHandler({}), _NoRedirect())
