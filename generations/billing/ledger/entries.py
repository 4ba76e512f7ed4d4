"""Every movement: an entry whose lines sum to zero, with all that is counted by it."""

from collections.abc import Mapping

from django.db import transaction

from generations.models import Attempt, Credential, Entry, Line, User
from generations.models.ledger import TOLD_BY, AccountName, EntryKind

from . import caps, totals
from .accounts import (
    AVAILABLE,
    GRANTED,
    HELD,
    SPENT,
    change,
    newest_entry,
    pots,
)


@transaction.atomic
def hold(attempt: Attempt, *, carried: bool = False) -> None:
    """Set the attempt's estimate aside; raises Short or Capped, and then nothing is written.

    ``carried``: it takes the place of a hold that was released just now, so no cap is asked.
    """
    credential, amount = attempt.credential, attempt.estimate
    if credential.balance is None:  # the provider tells no balance: what is asked for is granted
        _grant_shortage(credential, amount)
    moves = {AVAILABLE: -amount, HELD: amount}
    entry = _post(credential, EntryKind.HOLD, moves, attempt, carried=carried)
    caps.count(entry, amount, capped=not carried)


@transaction.atomic
def settle(attempt: Attempt, cost: int, *, in_vain: bool = False) -> None:
    """Close the hold with what the provider charged, more or less than was held.

    ``in_vain``: charged though no clip came.
    """
    credential, held = attempt.credential, attempt.estimate
    if cost > held:  # charged is charged, whatever we thought was left
        _grant_shortage(credential, cost - held)
    moves = {HELD: -held, SPENT: cost, AVAILABLE: held - cost}
    entry = _post(credential, EntryKind.SETTLE, moves, attempt, in_vain=in_vain)
    caps.count(entry, cost - held)


@transaction.atomic
def adopt(attempt: Attempt) -> None:
    """Book what an attempt had cost that was ordered elsewhere, by its provider's word.

    It was never held, and it was paid from what the provider had before it told us any balance: so
    it comes from outside, leaves what is available as it is, and counts against no cap.
    """
    if booked := totals.booked_before(attempt):
        back = {AVAILABLE: booked, SPENT: -booked}
        _post(attempt.credential, EntryKind.CORRECT, back, memo="booked with its clip instead")
    cost = attempt.cost or 0
    _post(attempt.credential, EntryKind.ADOPT, {GRANTED: -cost, SPENT: cost}, attempt)


@transaction.atomic
def release(attempt: Attempt, *, carried: bool = False) -> None:
    """Close the hold with nothing charged; ``carried``: the next try takes it over at once."""
    moves = {HELD: -attempt.estimate, AVAILABLE: attempt.estimate}
    entry = _post(attempt.credential, EntryKind.RELEASE, moves, attempt, carried=carried)
    caps.count(entry, -attempt.estimate)


@transaction.atomic
def correct(
    credential: Credential,
    amount: int,
    memo: str,
    actor: User,
    *,
    attempt: Attempt | None = None,
    in_vain: bool = False,
) -> None:
    """So much more (or, negative, less) was charged than the books said; a line of its own."""
    if amount > 0:
        _grant_shortage(credential, amount)
    moves = {AVAILABLE: -amount, SPENT: amount}
    entry = _post(
        credential, EntryKind.CORRECT, moves, attempt, memo=memo, actor=actor, in_vain=in_vain
    )
    if attempt and not attempt.task.is_adopted:
        caps.count(entry, amount)


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
    now = pots(credential)
    quiet = now[HELD] == 0 and newest_entry(credential) == last_entry
    difference = remaining - now[AVAILABLE]
    if not quiet:
        difference = max(0, difference - now[HELD])
    if difference:
        adjust(credential, difference, "balance read from the provider")


def _grant_shortage(credential: Credential, needed: int) -> None:
    shortage = needed - pots(credential)[AVAILABLE]
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
    in_vain: bool = False,
    carried: bool = False,
) -> Entry:
    if sum(moves.values()):
        raise ValueError(f"a {kind} must sum to zero: {moves}")
    accounts = {account.name: account for account in credential.accounts.all()}
    for name in sorted(moves):  # always in one order, so that two entries never deadlock
        change(accounts[name], moves[name])
    task = attempt.task if attempt else None
    entry = Entry.objects.create(
        team_id=credential.team_id,
        credential=credential,
        attempt=attempt,
        kind=kind,
        unit=accounts[AVAILABLE].unit,
        person_id=task.created_by_id if task else getattr(actor, "pk", None),
        model=task.model if task else "",
        amount=moves[TOLD_BY[kind]],
        in_vain=in_vain,
        carried=carried,
        memo=memo,
        actor=actor,
    )
    Line.objects.bulk_create(
        Line(entry=entry, account=accounts[name], amount=amount) for name, amount in moves.items()
    )
    totals.add(entry)
    if kind != EntryKind.HOLD:  # which is made before the provider has given a number
        totals.meet(entry)
    return entry
