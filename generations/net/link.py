"""Open a result link: guarded, redirects by hand, no credentials, the query byte for byte."""

import contextlib
import http.client
import re
import ssl
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import httpx

from generations.net.failures import Broken, DownloadError, Forbidden
from generations.net.guard import Forbidden as AddressForbidden
from generations.net.guard import Policy, Resolve, connect, resolve, trusted
from generations.net.pace import Pace, PacedSocket

REDIRECTS = {301, 302, 303, 307, 308}
MOST_REDIRECTS = 3
HEADERS = {
    "Accept": "*/*",
    "Accept-Encoding": "identity",
    "Connection": "close",
    "User-Agent": "Rushes",
}
LINK = re.compile(r"(?P<scheme>https?)://[^/?#]+(?P<target>[^#]*)", re.IGNORECASE)
PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))


@dataclass(frozen=True, slots=True)
class Way:
    """How to reach what may be linked to, and how to trust it."""

    policy: Policy
    resolve: Resolve = resolve
    tls: ssl.SSLContext | None = None


class Connection(http.client.HTTPConnection):
    """One request to one judged address."""

    def __init__(self, scheme: str, host: str, port: int, way: Way, pace: Pace) -> None:
        self.default_port = 443 if scheme == "https" else 80
        super().__init__(host, port)
        self._way = way
        self._pace = pace
        self._secure = scheme == "https"

    def connect(self) -> None:
        wait = self._pace.left(self._pace.limits.connect)
        sock = connect(self.host, self.port, self._way.policy, wait, self._way.resolve)
        try:
            if self._secure:
                sock.settimeout(self._pace.left(self._pace.limits.connect))
                tls = self._way.tls or trusted()
                sock = tls.wrap_socket(sock, server_hostname=self.host)
        except BaseException:
            sock.close()
            raise
        self.sock = PacedSocket(sock, self._pace)


@contextlib.contextmanager
def opened(
    url: str, headers: Mapping[str, str], way: Way, pace: Pace
) -> Iterator[http.client.HTTPResponse]:
    """The answer to a GET, after at most three redirects; raises DownloadError."""
    for _ in range(MOST_REDIRECTS + 1):
        with contextlib.closing(_connection(url, way, pace)) as connection:
            response = _answer(connection, url, headers)
            with contextlib.closing(response):
                if response.status not in REDIRECTS:
                    yield response
                    return
                url = _redirected(url, response)
    raise Broken(f"More than {MOST_REDIRECTS} redirects.")


def _connection(url: str, way: Way, pace: Pace) -> Connection:
    scheme, host, port, _ = _split(url)
    return Connection(scheme, host, port, way, pace)


def _split(url: str) -> tuple[str, str, int, str]:
    """Scheme, host, port and target; the target is kept as it was written."""
    match = LINK.fullmatch(url.partition("#")[0])
    if match is None:
        raise Forbidden("Only http and https links are followed.")
    scheme = match["scheme"].lower()
    try:
        parts = urllib.parse.urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode("ascii")
        port = parts.port or (443 if scheme == "https" else 80)
    except ValueError as error:
        raise Forbidden("The link's host or port is not valid.") from error
    path = match["target"] if match["target"].startswith("/") else "/" + match["target"]
    return scheme, host, port, urllib.parse.quote(path, safe=PRINTABLE)


def _answer(
    connection: Connection, url: str, headers: Mapping[str, str]
) -> http.client.HTTPResponse:
    with translated(connection.host):
        connection.request("GET", _split(url)[3], headers={**HEADERS, **headers})
        return connection.getresponse()


def _redirected(url: str, response: http.client.HTTPResponse) -> str:
    location = response.headers.get("Location", "")
    # http.client reads headers as Latin-1; servers that put raw UTF-8 there mean UTF-8.
    location = location.encode("latin-1", "replace").decode("utf-8", "replace")
    following = urllib.parse.urljoin(url, location)
    if url.lower().startswith("https:") and following.lower().startswith("http:"):
        raise Forbidden("A redirect leads from https to http.")
    return following


@contextlib.contextmanager
def translated(host: str) -> Iterator[None]:
    """Failures of the network as DownloadError, named by what the caller must do."""
    try:
        yield
    except DownloadError:
        raise
    except AddressForbidden as error:
        raise Forbidden(str(error)) from error
    except (OSError, httpx.ConnectError, http.client.HTTPException) as error:
        raise Broken(f"{host}: {error or type(error).__name__}") from error
