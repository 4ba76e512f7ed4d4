"""Reach a credential's provider: allowed addresses, the key, a client, and its request budget."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.core import signing
from django.db import transaction
from django.urls import reverse

from generations import clock
from generations.crypto import UnsealError
from generations.models import Attempt, Credential
from generations.net.client import client, run_flow
from generations.net.sockets import AddressPolicy, allowed_addresses
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

URL_LIFETIME = timedelta(hours=48)
# Requests that were drawn one after the other may arrive closer together.
SLACK = 0.99
# Of a request: what fills between the moment when one is due and the round that draws it.
CARRY = 0.1


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

    def check(self, remote_id: str, *, wanted: Collection[str] = ()) -> Report:
        return run_flow(self.adapter.check(self.access, remote_id, wanted=wanted), self._http)

    def cancel(self, remote_id: str) -> None:
        run_flow(self.adapter.cancel(self.access, remote_id), self._http)

    def balance(self) -> AccountBalance:
        return run_flow(self.adapter.balance(self.access), self._http)

    def test(self) -> None:
        run_flow(self.adapter.test(self.access), self._http)

    def find(self, *, since: str, until: str) -> Sequence[Listing]:
        return run_flow(self.adapter.find(self.access, since=since, until=until), self._http)

    def subjects(self) -> Sequence[Listing]:
        return run_flow(self.adapter.subjects(self.access), self._http)

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


@transaction.atomic
def take_requests(credential_id: int, wanted: int, *, keep: int = 0) -> int:
    """Draw up to ``wanted`` requests from the key's budget; returns how many may leave now.

    ``keep`` are left for others; -1 borrows one from what fills later.

    The bucket holds a thirtieth of the minute's requests (at least one) and fills a little slower
    than the rest a minute, so that no window of 60 s ever sees more than ``requests_per_minute``.
    """
    credential = (
        Credential.objects.select_for_update(no_key=True)
        .only("requests_per_minute", "bucket_level", "bucket_at")
        .get(pk=credential_id)
    )
    limit = credential.requests_per_minute
    if not limit:
        return wanted
    now = clock.now()
    # A window of 60 s sees at most what the bucket holds (burst and carry) and what fills it
    # meanwhile: together less than limit + 1, and only whole requests leave.
    burst = max(1, limit // 30)
    level = float(burst)
    if credential.bucket_at:
        # Below zero where the system's clock was set back.
        passed = max(0.0, (now - credential.bucket_at).total_seconds())
        carry = min(CARRY, limit / 100)
        fill = SLACK * (limit - burst + 1 - carry) / 60
        level = min(burst + carry, credential.bucket_level + passed * fill)
    granted = max(0, min(wanted, int(level) - keep))
    if granted:
        Credential.objects.filter(pk=credential_id).update(
            bucket_level=level - granted, bucket_at=now
        )
    return granted


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
    # In a lab or beside the sandbox, private addresses reach both ways.
    open_lab = settings.ALLOW_PRIVATE_ADDRESSES or is_sandbox(credential)
    return open_lab or _is_public(settings.PUBLIC_URL)


def signed_url(view: str, salt: str, pk: int, name: str, credential: Credential) -> str:
    """Return where the provider can fetch one row of ours; "" where it cannot reach us.

    Whoever has the URL can fetch this row by this ``view``, and no other, until URL_LIFETIME is
    over. Some providers look at the suffix of ``name`` only.
    """
    if not can_reach_us(credential):
        return ""
    token = signing.dumps(pk, salt=salt)
    return f"{settings.PUBLIC_URL}{reverse(view, args=[token, name])}"


def signed_pk(token: str, salt: str) -> int | None:
    """Return the row of a signed URL's token; None where it is forged or too old."""
    try:
        pk: int = signing.loads(token, salt=salt, max_age=URL_LIFETIME)
    except signing.BadSignature:
        return None
    return pk


def callback_url(attempt: Attempt) -> str:
    """Return where the provider may call back for an attempt; "" where it cannot reach us."""
    if not can_reach_us(attempt.credential):
        return ""
    path = reverse("callback", args=[attempt.credential.kind, attempt.token])
    return f"{settings.PUBLIC_URL}{path}"


def _host_and_port(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


# Once in a process, because each attempt asks and a name may resolve slowly.
@cache
def _is_public(url: str) -> bool:
    try:
        allowed_addresses(*_host_and_port(url), AddressPolicy())
    except httpx.ConnectError:
        return False
    return True
