"""The four accounts of a credential, and what is in them."""

from dataclasses import dataclass

from django.db.models import F, Q, Sum

from generations.models import Account, Credential, Team
from generations.models.ledger import AccountName
from generations.providers import provider

GRANTED, AVAILABLE, HELD, SPENT = (
    AccountName.GRANTED,
    AccountName.AVAILABLE,
    AccountName.HELD,
    AccountName.SPENT,
)


class InsufficientCredits(Exception):
    """Too little is available; ``left`` and ``needed`` are in the credential's unit."""

    def __init__(self, left: int, needed: int) -> None:
        super().__init__(f"{left} left, {needed} needed")
        self.left = left
        self.needed = needed


@dataclass(frozen=True)
class Balance:
    """What a team has in one unit, over all its credentials.

    ``known`` is False where no provider reports a balance: then ``available`` means nothing.
    """

    unit: str
    available: int
    held: int
    spent: int
    known: bool


def open_accounts(credential: Credential) -> None:
    """Add the four accounts of a new credential."""
    unit = provider(credential.kind).unit
    Account.objects.bulk_create(
        Account(team_id=credential.team_id, credential=credential, name=name, unit=unit)
        for name in AccountName
    )


def balances(team: Team) -> list[Balance]:
    """Return a balance for each unit of the team's credentials."""
    rows = (
        Account.objects.filter(team=team, credential__removed_at=None)
        .values("unit")
        .annotate(
            available=Sum("balance", filter=Q(name=AVAILABLE), default=0),
            held=Sum("balance", filter=Q(name=HELD), default=0),
            spent=Sum("balance", filter=Q(name=SPENT), default=0),
            # Without a default: None says that no credential of this unit knows its balance.
            known=Sum("balance", filter=Q(credential__balance__isnull=False, name=AVAILABLE)),
        )
        .order_by("unit")
    )
    return [
        Balance(row["unit"], row["available"], row["held"], row["spent"], row["known"] is not None)
        for row in rows
    ]


def available(credential: Credential) -> int | None:
    """Return what may still be ordered on a credential; None where the balance is unknown."""
    if credential.balance is None:
        return None
    return account_balances(credential)[AVAILABLE]


def account_balances(credential: Credential) -> dict[str, int]:
    """Return the balance of each account by its name."""
    return dict(credential.accounts.values_list("name", "balance"))


def change(account: Account, amount: int) -> None:
    """Add an amount to an account, or take it. Raises InsufficientCredits."""
    # A condition of the UPDATE, not of a reading before it: of two orders that want the last
    # credits at once, the second waits for the row and then finds too little.
    enough = Q(balance__gte=-amount) | Q(name=GRANTED)
    changed = Account.objects.filter(enough, pk=account.pk).update(balance=F("balance") + amount)
    if not changed:
        account.refresh_from_db()
        raise InsufficientCredits(account.balance, -amount)


def lock(credential_id: int) -> None:
    """Lock the accounts of a credential until this transaction ends."""
    # One row is enough: each entry changes *available*, and that of an import locks it too.
    Account.objects.select_for_update(no_key=True).get(credential=credential_id, name=AVAILABLE)
