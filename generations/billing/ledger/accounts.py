"""The four pots of a credential, and what stands in them."""

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


def pots(credential: Credential) -> dict[str, int]:
    return dict(credential.accounts.values_list("name", "balance"))


def change(account: Account, amount: int) -> None:
    """Move so many in or out; raises Short where they are not there."""
    enough = Q(balance__gte=-amount) | Q(name=GRANTED)
    changed = Account.objects.filter(enough, pk=account.pk).update(balance=F("balance") + amount)
    if not changed:
        account.refresh_from_db()
        raise Short(account.balance, -amount)


def lock(credential_id: int) -> None:
    """Keep every movement of a key away until this transaction ends."""
    Account.objects.select_for_update(no_key=True).get(credential=credential_id, name=AVAILABLE)


def newest_entry(credential: Credential) -> int | None:
    return credential.entries.order_by("-pk").values_list("pk", flat=True).first()


def left(credential: Credential) -> int | None:
    """What may still be ordered on a credential; None where its provider does not tell."""
    if credential.balance is None:
        return None
    return pots(credential)[AVAILABLE]


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
