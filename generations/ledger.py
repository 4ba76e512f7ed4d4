"""Credits: held before an order leaves, settled or released once its end is known (design 7)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, Q, Sum

from generations.models import Account, Attempt, Credential, Entry, Line, Team, User
from generations.models.ledger import AccountName, EntryKind
from generations.providers import provider

GRANTED, AVAILABLE, HELD, SPENT = (
    AccountName.GRANTED,
    AccountName.AVAILABLE,
    AccountName.HELD,
    AccountName.SPENT,
)


class Short(Exception):
    """There is not enough left; ``left`` and ``needed`` in the credential's unit."""

    def __init__(self, left: int, needed: int) -> None:
        super().__init__(f"{left} left, {needed} needed")
        self.left = left
        self.needed = needed


@dataclass(frozen=True)
class Balance:
    """What a team has in one unit, over all its credentials.

    ``known`` is False where no provider tells what is left: then ``available`` means nothing.
    """

    unit: str
    available: int
    held: int
    spent: int
    known: bool


def open_accounts(credential: Credential) -> None:
    """The four pots of a new credential."""
    unit = provider(credential.kind).unit
    Account.objects.bulk_create(
        Account(team_id=credential.team_id, credential=credential, name=name, unit=unit)
        for name in AccountName
    )


@transaction.atomic
def hold(attempt: Attempt) -> None:
    """Set the attempt's estimate aside; raises Short, and then nothing is written."""
    credential, amount = attempt.credential, attempt.estimate
    if credential.balance is None:  # the provider tells no balance: what is asked for is granted
        _grant_shortage(credential, amount)
    _post(credential, EntryKind.HOLD, {AVAILABLE: -amount, HELD: amount}, attempt)


@transaction.atomic
def settle(attempt: Attempt, cost: int) -> None:
    """Close the hold with what the provider charged, more or less than was held."""
    credential, held = attempt.credential, attempt.estimate
    if cost > held:  # charged is charged, whatever we thought was left
        _grant_shortage(credential, cost - held)
    moves = {HELD: -held, SPENT: cost, AVAILABLE: held - cost}
    _post(credential, EntryKind.SETTLE, moves, attempt)


@transaction.atomic
def release(attempt: Attempt) -> None:
    """Close the hold with nothing charged."""
    moves = {HELD: -attempt.estimate, AVAILABLE: attempt.estimate}
    _post(attempt.credential, EntryKind.RELEASE, moves, attempt)


@transaction.atomic
def adjust(credential: Credential, amount: int, memo: str, actor: User | None = None) -> None:
    """Put ``amount`` more (or, negative, less) at the team's disposal."""
    moves = {GRANTED: -amount, AVAILABLE: amount}
    _post(credential, EntryKind.ADJUST, moves, memo=memo, actor=actor)


@transaction.atomic
def reconcile(credential: Credential, remaining: int, last_entry: int | None) -> None:
    """Take over the balance that the provider tells.

    ``last_entry`` is ``newest_entry()`` from before the question. While orders are under way the
    two sides book at different moments, so then only what must be a top-up is taken over.
    """
    Credential.objects.select_for_update(no_key=True).get(pk=credential.pk)
    pots = _balances(credential)
    quiet = pots[HELD] == 0 and newest_entry(credential) == last_entry
    difference = remaining - pots[AVAILABLE]
    if not quiet:
        difference = max(0, difference - pots[HELD])
    if difference:
        adjust(credential, difference, "balance read from the provider")


def newest_entry(credential: Credential) -> int | None:
    return credential.entries.order_by("-pk").values_list("pk", flat=True).first()


def left(credential: Credential) -> int | None:
    """What may still be ordered on a credential; None where its provider does not tell."""
    if credential.balance is None:
        return None
    return _balances(credential)[AVAILABLE]


def balances(team: Team) -> list[Balance]:
    """One for each unit that the team's credentials count in."""
    rows = (
        Account.objects.filter(team=team, credential__removed_at=None)
        .values("unit")
        .annotate(
            available=Sum("balance", filter=Q(name=AVAILABLE), default=0),
            held=Sum("balance", filter=Q(name=HELD), default=0),
            spent=Sum("balance", filter=Q(name=SPENT), default=0),
            known=Sum("balance", filter=Q(credential__balance__isnull=False, name=AVAILABLE)),
        )
        .order_by("unit")
    )
    return [
        Balance(row["unit"], row["available"], row["held"], row["spent"], row["known"] is not None)
        for row in rows
    ]


def verify() -> Iterator[str]:
    """Every way in which the books do not hold, as a sentence; none when they do."""
    for entry in Entry.objects.annotate(total=Sum("lines__amount", default=0)).exclude(total=0):
        yield f"Entry {entry.pk} sums to {entry.total}, not to zero."
    for account in Account.objects.annotate(total=Sum("lines__amount", default=0)):
        if account.balance != account.total:
            yield f"Account {account.pk} says {account.balance}, its lines {account.total}."


def _balances(credential: Credential) -> dict[str, int]:
    return dict(credential.accounts.values_list("name", "balance"))


def _grant_shortage(credential: Credential, needed: int) -> None:
    shortage = needed - _balances(credential)[AVAILABLE]
    if shortage > 0:
        adjust(credential, shortage, "granted as it was needed")


def _post(
    credential: Credential,
    kind: EntryKind,
    moves: Mapping[AccountName, int],
    attempt: Attempt | None = None,
    *,
    memo: str = "",
    actor: User | None = None,
) -> None:
    if sum(moves.values()):
        raise ValueError(f"a {kind} must sum to zero: {moves}")
    accounts = {account.name: account for account in credential.accounts.all()}
    for name in sorted(moves):  # always in one order, so that two entries never deadlock
        _change(accounts[name], moves[name])
    entry = Entry.objects.create(
        team_id=credential.team_id,
        credential=credential,
        attempt=attempt,
        kind=kind,
        unit=accounts[AVAILABLE].unit,
        memo=memo,
        actor=actor,
    )
    Line.objects.bulk_create(
        Line(entry=entry, account=accounts[name], amount=amount) for name, amount in moves.items()
    )


def _change(account: Account, amount: int) -> None:
    enough = Q(balance__gte=-amount) | Q(name=GRANTED)
    changed = Account.objects.filter(enough, pk=account.pk).update(balance=F("balance") + amount)
    if not changed:
        account.refresh_from_db()
        raise Short(account.balance, -amount)
