"""The one place that makes HTTP clients for provider calls."""

import ssl
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from generations.net.guard import (
    AsyncGuardedBackend,
    GuardedBackend,
    Policy,
    Resolve,
    resolve,
    trusted,
)
from generations.net.lanes import MOST_PER_LANE, Lanes

TIMEOUT = httpx.Timeout(connect=5, read=20, write=20, pool=5)
LIMITS = httpx.Limits(
    max_connections=MOST_PER_LANE, max_keepalive_connections=MOST_PER_LANE, keepalive_expiry=5
)
HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "Rushes"}


def _no_cookies() -> CookieJar:
    """Takes none, so that one credential's session never meets another's request."""
    return CookieJar(DefaultCookiePolicy(allowed_domains=[]))


def client(
    policy: Policy, *, resolve: Resolve = resolve, tls: ssl.SSLContext | None = None
) -> httpx.Client:
    """A client that reaches only what ``policy`` allows and follows no redirect."""
    transport = httpx.HTTPTransport(verify=tls or trusted(), trust_env=False, limits=LIMITS)
    # httpx has no public way to pass httpcore a network backend; a test holds this line.
    transport._pool._network_backend = GuardedBackend(policy, resolve)
    return httpx.Client(
        transport=transport,
        headers=HEADERS,
        cookies=_no_cookies(),
        timeout=TIMEOUT,
        follow_redirects=False,
        trust_env=False,
    )


def async_client(
    policy: Policy, *, resolve: Resolve = resolve, tls: ssl.SSLContext | None = None
) -> httpx.AsyncClient:
    """The same for asyncio, for up to 256 exchanges at once."""
    backend = AsyncGuardedBackend(policy, resolve)

    def transport() -> httpx.AsyncHTTPTransport:
        made = httpx.AsyncHTTPTransport(verify=tls or trusted(), trust_env=False, limits=LIMITS)
        made._pool._network_backend = backend
        return made

    return httpx.AsyncClient(
        transport=Lanes(transport),
        headers=HEADERS,
        cookies=_no_cookies(),
        timeout=TIMEOUT,
        follow_redirects=False,
        trust_env=False,
    )
