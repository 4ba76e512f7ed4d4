"""Reach a credential's provider: which addresses are allowed, with which key, over which client."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.urls import reverse

from generations.crypto import UnsealError
from generations.models import Attempt, Credential
from generations.net.address_policy import AddressPolicy, allowed_addresses
from generations.net.client import client
from generations.net.flows import run_flow
from generations.providers import provider
from generations.providers.contract import (
    Access,
    AccountBalance,
    FilmReport,
    Listing,
    Order,
    Reason,
    Receipt,
    Report,
    Unauthorised,
)


def policy() -> AddressPolicy:
    """Return which addresses this installation may reach; of private ones only its own sandbox."""
    exceptions: frozenset[tuple[str, int]] = frozenset()
    if settings.SANDBOX:
        exceptions = frozenset({_host_and_port(settings.SANDBOX_URL)})
    return AddressPolicy(allow_private=settings.ALLOW_PRIVATE_ADDRESSES, exceptions=exceptions)


def access(credential: Credential) -> Access:
    """Return how to reach the account. Raises Unauthorised where our keyring cannot decrypt it."""
    try:
        key = credential.open_key().reveal()
    except UnsealError as error:
        raise Unauthorised("sealed", str(error), reason=Reason.KEY_SEALED) from error
    return Access(base_url=credential.base_url, key=key, options=credential.options)


class ProviderConnection:
    """One credential's provider. Each method is one call and raises what the adapter raises."""

    def __init__(self, credential: Credential, http: httpx.Client) -> None:
        self.adapter = provider(credential.kind)
        self.access = access(credential)
        self._http = http

    def submit(self, order: Order) -> Receipt:
        return run_flow(self.adapter.submit(self.access, order), self._http)

    def check(self, remote_id: str) -> Report:
        return run_flow(self.adapter.check(self.access, remote_id), self._http)

    def cancel(self, remote_id: str) -> None:
        run_flow(self.adapter.cancel(self.access, remote_id), self._http)

    def balance(self) -> AccountBalance:
        return run_flow(self.adapter.balance(self.access), self._http)

    def test(self) -> None:
        run_flow(self.adapter.test(self.access), self._http)

    def find(self, *, since: str, until: str) -> Sequence[Listing]:
        return run_flow(self.adapter.find(self.access, since=since, until=until), self._http)

    def film(self, remote_id: str) -> FilmReport:
        return run_flow(self.adapter.film(self.access, remote_id), self._http)


@contextmanager
def connect(credential: Credential) -> Iterator[ProviderConnection]:
    """Open a client for one credential. Raises Unauthorised where its key cannot be opened.

    Never a client that lived before: a kept connection that the other side has just closed would
    make an order unclear that never arrived.
    """
    with client(policy()) as http:
        yield ProviderConnection(credential, http)


def is_sandbox(credential: Credential) -> bool:
    """Whether the credential's provider is the sandbox that this installation started."""
    return settings.SANDBOX and _host_and_port(credential.base_url) == _host_and_port(
        settings.SANDBOX_URL
    )


def sandbox_address(kind: str) -> str:
    """Return where the sandbox answers as a provider of this kind."""
    return settings.SANDBOX_URL if kind == "vidu" else f"{settings.SANDBOX_URL}/{kind}"


def can_reach_us(credential: Credential) -> bool:
    """Whether the provider can open ``PUBLIC_URL``."""
    open_lab = settings.ALLOW_PRIVATE_ADDRESSES or is_sandbox(credential)
    return open_lab or _is_public(settings.PUBLIC_URL)


def callback_url(attempt: Attempt) -> str:
    """Return where the provider may call back for an attempt; "" where it cannot reach us."""
    if not can_reach_us(attempt.credential):
        return ""
    path = reverse("callback", args=[attempt.credential.kind, attempt.token])
    return f"{settings.PUBLIC_URL}{path}"


def _host_and_port(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


@cache
def _is_public(url: str) -> bool:
    try:
        allowed_addresses(*_host_and_port(url), AddressPolicy())
    except httpx.ConnectError:
        return False
    return True
