"""Keys: sealed, tested, paused with a reason, and their requests kept within the budget."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.db import transaction
from django.urls import reverse

from generations import audit, clock
from generations.billing import ledger
from generations.crypto import Sealed
from generations.models import Attempt, Credential, File, Film, Team, User
from generations.models.tasks import LIVE, TaskState
from generations.net.client import client
from generations.net.drive import drive
from generations.net.guard import Policy, judge
from generations.providers import provider
from generations.providers.catalogue import catalogue
from generations.providers.contract import Access, ProviderError, Unauthorised

BY_HAND = "paused"  # why a key is paused that a person paused
SLACK = 0.99  # requests that were drawn one after the other may arrive closer together
SHORTEST_LINK_LIFE = 30  # seconds; a link that is dead sooner was never alive
CARRY = 0.1  # of a request: what fills between the moment one is due and the round that draws it


@dataclass(frozen=True)
class Tested:
    """What a free call to the provider showed; ``code`` is "" for a good key."""

    good: bool
    code: str = ""
    message: str = ""
    balance: int | None = None


@transaction.atomic
def add(
    team: Team,
    by: User | None,
    *,
    kind: str,
    name: str,
    base_url: str,
    key: str,
    slots: int | None = None,
    requests_per_minute: int | None = None,
    options: Mapping[str, str] | None = None,
) -> Credential:
    """Seal a new key; limits that are not given are the catalogue's."""
    limits = catalogue(kind)
    credential = Credential.objects.create(
        team=team,
        created_by=by,
        kind=kind,
        name=name,
        base_url=base_url.rstrip("/"),
        options=dict(options or {}),
        slots=slots or limits.slots,
        requests_per_minute=requests_per_minute or limits.requests_per_minute or 0,
    )
    credential.seal_key(key)
    credential.save(update_fields=["sealed_key", "key_tail"])
    ledger.open_accounts(credential)
    audit.record(team, by, "credential.added", credential, tail=credential.key_tail)
    return credential


@transaction.atomic
def replace_key(credential: Credential, by: User, key: str) -> None:
    """Seal another key in place of the old one, and give it a chance."""
    credential.seal_key(key)
    credential.save(update_fields=["sealed_key", "key_tail"])
    audit.record(
        credential.team, by, "credential.key_replaced", credential, tail=credential.key_tail
    )
    resume(credential, by)


@transaction.atomic
def change(
    credential: Credential,
    by: User,
    *,
    name: str,
    base_url: str,
    slots: int,
    requests_per_minute: int,
    options: Mapping[str, str] | None = None,
) -> None:
    """Without ``options`` they stay as they are."""
    credential.name, credential.base_url = name, base_url.rstrip("/")
    credential.slots, credential.requests_per_minute = slots, requests_per_minute
    credential.options = credential.options if options is None else dict(options)
    credential.save(update_fields=["name", "base_url", "slots", "requests_per_minute", "options"])
    audit.record(credential.team, by, "credential.changed", credential, base_url=base_url)


@transaction.atomic
def learn(credential: Credential, options: Mapping[str, str]) -> None:
    """Remember what a call showed of the account, e.g. which of two addresses answers."""
    row = Credential.objects.select_for_update(no_key=True).only("options").get(pk=credential.pk)
    row.options |= options
    row.save(update_fields=["options"])
    credential.options = row.options


def link_life(credential: Credential) -> timedelta:
    """How long a link of a result may live: as the contract says, or less where it was seen so."""
    seen = Credential.objects.values_list("link_life", flat=True).get(pk=credential.pk)
    promised = catalogue(credential.kind).link_life
    return timedelta(seconds=promised if seen is None else min(seen, promised))


def link_died(credential: Credential, age: timedelta) -> bool:
    """A link died before its time; False where that is too soon to be more than a hiccup."""
    seconds = int(age.total_seconds())
    if seconds < SHORTEST_LINK_LIFE or age >= link_life(credential):
        return False
    Credential.objects.filter(pk=credential.pk).update(link_life=seconds)
    return True


def link_lived(credential: Credential, age: timedelta) -> None:
    """A link led to its file although it was older than links were seen to become."""
    seconds = int(age.total_seconds())
    Credential.objects.filter(pk=credential.pk, link_life__lt=seconds).update(link_life=seconds)


@transaction.atomic
def pause(credential: Credential, code: str, by: User | None = None) -> None:
    """Send nothing more with this key; ``code`` says why (``BY_HAND`` where a person did it)."""
    changed = Credential.objects.filter(pk=credential.pk, paused_at=None).update(
        paused_at=clock.now(), paused_code=code[:60]
    )
    credential.refresh_from_db(fields=["paused_at", "paused_code"])
    if changed:
        _tell_waiting(credential, "paused")
        audit.record(credential.team, by, "credential.paused", credential, code=code)


@transaction.atomic
def resume(credential: Credential, by: User | None) -> None:
    changed = Credential.objects.filter(pk=credential.pk, paused_at__isnull=False).update(
        paused_at=None, paused_code=""
    )
    credential.refresh_from_db(fields=["paused_at", "paused_code"])
    if changed:
        _tell_waiting(credential, "")
        audit.record(credential.team, by, "credential.resumed", credential)


def _tell_waiting(credential: Credential, reason: str) -> None:
    """The waiting tasks say why they wait; without a reason they are due at once."""
    version = Team.next_sequence(credential.team_id)
    credential.tasks.filter(state=TaskState.WAITING).update(
        reason=reason, version=version, not_before=clock.now()
    )


class InUse(Exception):
    """So many orders are under way on this key, or so many results are not kept yet."""

    def __init__(self, orders: int, files: int) -> None:
        super().__init__(f"{orders} orders, {files} files")
        self.orders = orders
        self.files = files


@transaction.atomic
def remove(credential: Credential, by: User) -> None:
    """Take a key out of use for good: the row stays for the books, the key itself goes.

    Raises InUse where it could lose a paid result: while tasks wait, run or are unclear, while a
    film grows, and while a file is not kept. A key that its provider refuses can renew no link, so
    only links that live hold it.
    """
    locked = Credential.objects.select_for_update(no_key=True).get(pk=credential.pk)
    orders = locked.tasks.filter(state__in=[*LIVE, TaskState.UNCLEAR]).count()
    films = Film.objects.filter(task__credential=locked, due_at__isnull=False)
    files = File.objects.unfetched().filter(task__credential=locked, task__binned_at=None)
    if locked.is_paused and locked.paused_code != BY_HAND:
        films, files = films.none(), files.filter(expires_at__gt=clock.now())
    use = InUse(orders + films.count(), files.count())
    if use.orders or use.files:
        raise use
    Credential.objects.filter(pk=credential.pk).update(removed_at=clock.now(), sealed_key="")
    audit.record(credential.team, by, "credential.removed", credential)


def policy() -> Policy:
    """Which addresses this installation may reach: the sandbox is the only hole by default."""
    exceptions: frozenset[tuple[str, int]] = frozenset()
    if settings.SANDBOX:
        exceptions = frozenset({_host_and_port(settings.SANDBOX_URL)})
    return Policy(allow_private=settings.ALLOW_PRIVATE_ADDRESSES, exceptions=exceptions)


def is_sandbox(credential: Credential) -> bool:
    """Whether a credential plays: its provider is the one that ``SANDBOX`` started."""
    return settings.SANDBOX and _host_and_port(credential.base_url) == _host_and_port(
        settings.SANDBOX_URL
    )


def sandbox_address(kind: str) -> str:
    """Where the sandbox speaks as this provider."""
    return settings.SANDBOX_URL if kind == "vidu" else f"{settings.SANDBOX_URL}/{kind}"


def _host_and_port(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def can_reach_us(credential: Credential) -> bool:
    """Whether the provider finds the way to ``PUBLIC_URL``."""
    open_lab = settings.ALLOW_PRIVATE_ADDRESSES or is_sandbox(credential)
    return open_lab or _is_public(settings.PUBLIC_URL)


def callback_url(attempt: Attempt) -> str:
    """Where the provider may ring for an attempt; "" where it could not reach us anyway."""
    if not can_reach_us(attempt.credential):
        return ""
    path = reverse("callback", args=[attempt.credential.kind, attempt.token])
    return f"{settings.PUBLIC_URL}{path}"


@cache
def _is_public(url: str) -> bool:
    try:
        judge(*_host_and_port(url), Policy())
    except httpx.ConnectError:
        return False
    return True


def access(credential: Credential) -> Access:
    """How to reach the account; Unauthorised where our own key ring does not open it."""
    try:
        key = credential.open_key().reveal()
    except Sealed as error:
        raise Unauthorised("sealed", str(error)) from error
    return Access(base_url=credential.base_url, key=key, options=credential.options)


def test(credential: Credential) -> Tested:
    """Prove the key by a free call, read the balance, and pause or resume accordingly."""
    adapter = provider(credential.kind)
    try:
        with client(policy()) as http:
            drive(adapter.test(access(credential)), http)
        balance = read_balance(credential) if adapter.has_balance else None
    except Unauthorised as error:
        pause(credential, error.code)
        return Tested(good=False, code=error.code, message=error.message)
    except ProviderError as error:
        return Tested(good=False, code=error.code, message=error.message)
    worked(credential)
    resume(credential, by=None)
    return Tested(good=True, balance=balance)


def read_balance(credential: Credential) -> int:
    """Ask what is left and take it into the books; raises a ProviderError."""
    before = ledger.newest_entry(credential)
    with client(policy()) as http:
        told = drive(provider(credential.kind).balance(access(credential)), http)
    Credential.objects.filter(pk=credential.pk).update(
        balance=told.remaining, balance_at=clock.now()
    )
    credential.balance = told.remaining
    ledger.reconcile(credential, told.remaining, before)
    return told.remaining


def worked(credential: Credential) -> None:
    """A call with this key went well."""
    Credential.objects.filter(pk=credential.pk).update(last_good_at=clock.now())


@transaction.atomic
def take_requests(credential_id: int, wanted: int, *, keep: int = 0) -> int:
    """Draw up to ``wanted`` requests from the key's budget; returns how many may leave now.

    ``keep`` are left for others.

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
    burst = max(1, limit // 30)
    level = float(burst)
    if credential.bucket_at:
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
