"""Credentials: add, change, pause and remove them; their balance; how long their links live."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import Q

from generations import clock
from generations.billing import falls, ledger
from generations.models import Credential, File, Film, Task, Team, User, audit
from generations.models.tasks import LIVE, TaskState
from generations.providers.catalogue import catalogue
from generations.providers.contract import Reason

from .provider_access import connect

BY_HAND = Reason.KEY_PAUSED
SHORTEST_LINK_LIFE = 30  # seconds; a link that is dead sooner was never alive
WITNESSES = 3  # clips whose links died early, before a shorter life is believed
MOST_TASKS_READ = 200


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
    """Add a credential with its sealed key; limits that are not given are the catalogue's."""
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
    # Only now: the seal names the row's primary key.
    credential.seal_key(key)
    credential.save(update_fields=["sealed_key", "key_tail"])
    ledger.open_accounts(credential)
    audit.record(team, by, "credential.added", credential, tail=credential.key_tail)
    return credential


@transaction.atomic
def seal_new_key(credential: Credential, by: User, key: str) -> None:
    """Seal another key in place of the old one."""
    credential.seal_key(key)
    credential.save(update_fields=["sealed_key", "key_tail"])
    audit.record(
        credential.team, by, "credential.key_replaced", credential, tail=credential.key_tail
    )


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
    """Change a credential; without ``options`` they stay as they are."""
    credential.name, credential.base_url = name, base_url.rstrip("/")
    credential.slots, credential.requests_per_minute = slots, requests_per_minute
    credential.options = credential.options if options is None else dict(options)
    credential.save(update_fields=["name", "base_url", "slots", "requests_per_minute", "options"])
    audit.record(credential.team, by, "credential.changed", credential, base_url=base_url)


@transaction.atomic
def save_options(credential: Credential, options: Mapping[str, str]) -> None:
    """Save what a call showed of the account, for example which of two paths answers."""
    # Read anew, so that of two calls that each learn something neither is lost.
    row = Credential.objects.select_for_update(no_key=True).only("options").get(pk=credential.pk)
    row.options |= options
    row.save(update_fields=["options"])
    credential.options = row.options


def promised_link_life(credential: Credential) -> timedelta:
    """Return how long links live by the provider's contract."""
    return timedelta(seconds=catalogue(credential.kind).link_life)


def link_life(credential: Credential) -> timedelta:
    """Return how long links live: as the provider says, or shorter where they were seen to die."""
    seen = Credential.objects.values_list("link_life", flat=True).get(pk=credential.pk)
    promised = promised_link_life(credential)
    return promised if seen is None else min(timedelta(seconds=seen), promised)


def shorten_link_life(credential: Credential) -> timedelta | None:
    """Expect shorter link lives of a key where the links of several clips died early.

    Return the new life; None where too few died, or where an older link has worked since then.
    """
    expected = link_life(credential).total_seconds()
    files = list(_recent_links(credential))
    ages = {file.died_after for file in files if file.died_after}
    for seconds in sorted(age for age in ages if SHORTEST_LINK_LIFE <= age < expected):
        if _is_witnessed(files, seconds):
            Credential.objects.filter(pk=credential.pk).update(link_life=seconds)
            return timedelta(seconds=seconds)
    return None


def _recent_links(credential: Credential) -> Iterable[File]:
    """Return the files of a key's newest tasks of whose links a fetch has seen the age."""
    tasks = Task.objects.filter(credential=credential).order_by("-pk")[:MOST_TASKS_READ]
    seen = Q(died_after__isnull=False) | Q(worked_for__isnull=False)
    fields = ("task", "died_after", "worked_for", "created_at", "stored_at")
    return File.objects.filter(seen, task__in=tasks.values("pk")).only(*fields)


def _is_witnessed(files: Sequence[File], seconds: int) -> bool:
    """Whether links of several clips died at this age or younger, and none was older since."""
    # By their tasks: the links of one clip may die together, of one hiccup.
    deaths = {
        file.task_id: file.created_at
        for file in files
        if file.died_after and SHORTEST_LINK_LIFE <= file.died_after <= seconds
    }
    if len(deaths) < WITNESSES:
        return False
    since = sorted(deaths.values())[-WITNESSES]
    return not any(
        file.worked_for is not None
        and file.worked_for > seconds
        and (file.stored_at is None or file.stored_at >= since)
        for file in files
    )


def lengthen_link_life(credential: Credential, age: timedelta) -> None:
    """Expect longer link lives of a key: a link of this age still led to its file."""
    seconds = int(age.total_seconds())
    # NULL is never less: a key of which no early death is known keeps the provider's promise.
    Credential.objects.filter(pk=credential.pk, link_life__lt=seconds).update(link_life=seconds)


def set_paused(credential: Credential, reason: Reason) -> bool:
    """Mark a credential as paused. Return False where it is already.

    ``lifecycle.transitions.pause_credential`` also tells the tasks that wait.
    """
    # The first reason stays, and of two callers only one tells the tasks and writes it down.
    paused = Credential.objects.filter(pk=credential.pk, paused_at=None).update(
        paused_at=clock.now(), paused_reason=reason
    )
    credential.refresh_from_db(fields=["paused_at", "paused_reason"])
    return bool(paused)


def clear_paused(credential: Credential) -> bool:
    """Mark a credential as working. Return False where it was not paused."""
    cleared = Credential.objects.filter(pk=credential.pk, paused_at__isnull=False).update(
        paused_at=None, paused_reason="", doubted_at=None
    )
    credential.refresh_from_db(fields=["paused_at", "paused_reason", "doubted_at"])
    return bool(cleared)


class InUse(Exception):
    """Orders run on this key, or files of it are not stored yet: counts of both."""

    def __init__(self, orders: int, files: int) -> None:
        super().__init__(f"{orders} orders, {files} files")
        self.orders = orders
        self.files = files


@transaction.atomic
def remove(credential: Credential, by: User) -> None:
    """Remove a key for good: the row stays for the books, the secret is deleted.

    Raises InUse where a paid result could be lost: while tasks wait, run or are unclear, while more
    of a film is expected, and while a file is not stored. A key that its provider refuses can renew
    no link, so only live links count then.
    """
    # An order locks this row too, so none begins between the counts and the removal.
    locked = Credential.objects.select_for_update(no_key=True).get(pk=credential.pk)
    orders = locked.tasks.filter(state__in=[*LIVE, TaskState.UNCLEAR]).count()
    films = Film.objects.filter(task__credential=locked, due_at__isnull=False)
    files = File.objects.unfetched().filter(task__credential=locked, task__trashed_at=None)
    if locked.is_paused and locked.paused_reason != BY_HAND:
        films, files = films.none(), files.filter(expires_at__gt=clock.now())
    use = InUse(orders + films.count(), files.count())
    if use.orders or use.files:
        raise use
    Credential.objects.filter(pk=credential.pk).update(removed_at=clock.now(), sealed_key="")
    audit.record(credential.team, by, "credential.removed", credential)


def read_balance(credential: Credential) -> int:
    """Ask what is left at the provider and reconcile the ledger. Raises ProviderError."""
    # Before the request: an entry that is written meanwhile shows that the two may not agree.
    before = ledger.newest_entry(credential)
    with connect(credential) as connection:
        balance = connection.balance()
    Credential.objects.filter(pk=credential.pk).update(
        balance=balance.remaining, balance_at=clock.now()
    )
    credential.balance = balance.remaining
    ledger.reconcile(credential, balance.remaining, before)
    falls.book_certain(credential)
    return balance.remaining


def record_success(credential: Credential) -> None:
    """Remember when a call with this key last succeeded; what was doubted before is over."""
    Credential.objects.filter(pk=credential.pk).update(last_good_at=clock.now(), doubted_at=None)


def clear_doubt(credential: Credential) -> None:
    """End the doubt that one refused question left: the key has brought an answer."""
    Credential.objects.filter(pk=credential.pk).update(doubted_at=None)
