"""Write entries: each has lines that sum to zero, and updates totals, caps and claims."""

from collections.abc import Mapping

from django.db import transaction

from generations.models import Attempt, Credential, Entry, Line, User
from generations.models.ledger import SUBJECT_ACCOUNT, AccountName, EntryKind

from . import caps, totals
from .accounts import (
    AVAILABLE,
    GRANTED,
    HELD,
    SPENT,
    account_balances,
    change,
    newest_entry,
)


@transaction.atomic
def hold(attempt: Attempt, *, carried: bool = False) -> None:
    """Hold the attempt's estimate. Raises InsufficientCredits or CapExceeded.

    ``carried``: it replaces a hold that was released just now, so no cap is checked.
    """
    credential, amount = attempt.credential, attempt.estimate
    if credential.balance is None:  # no balance is known: grant what is needed
        _grant_shortage(credential, amount)
    moves = {AVAILABLE: -amount, HELD: amount}
    entry = _post(credential, EntryKind.HOLD, moves, attempt, carried=carried)
    caps.record_use(entry, amount, capped=not carried)


@transaction.atomic
def settle(attempt: Attempt, cost: int, *, failed: bool = False) -> None:
    """Close the hold with what the provider charged, more or less than was held.

    ``failed``: charged although no clip came.
    """
    credential, held = attempt.credential, attempt.estimate
    if cost > held:  # it was charged, whatever we thought was left
        _grant_shortage(credential, cost - held)
    moves = {HELD: -held, SPENT: cost, AVAILABLE: held - cost}
    entry = _post(credential, EntryKind.SETTLE, moves, attempt, failed=failed)
    caps.record_use(entry, cost - held)


@transaction.atomic
def record_import(attempt: Attempt) -> None:
    """Record what an imported clip had cost, as its provider reports it.

    It was never held here, and the balance that the provider reports does not contain it any more:
    so it comes from *granted*, leaves *available* as it is, and counts against no cap.
    """
    if booked := totals.reset_booked(attempt):
        moves = {AVAILABLE: booked, SPENT: -booked}
        memo = "booked with its clip instead"
        _post(attempt.credential, EntryKind.CORRECT, moves, memo=memo)
    cost = attempt.cost or 0
    _post(attempt.credential, EntryKind.IMPORT, {GRANTED: -cost, SPENT: cost}, attempt)


@transaction.atomic
def release(attempt: Attempt, *, carried: bool = False) -> None:
    """Close the hold with nothing charged. ``carried``: the next attempt holds it at once."""
    moves = {HELD: -attempt.estimate, AVAILABLE: attempt.estimate}
    entry = _post(attempt.credential, EntryKind.RELEASE, moves, attempt, carried=carried)
    caps.record_use(entry, -attempt.estimate)


@transaction.atomic
def correct(
    credential: Credential,
    amount: int,
    memo: str,
    actor: User,
    *,
    attempt: Attempt | None = None,
    failed: bool = False,
) -> None:
    """Record that ``amount`` more (or, negative, less) was charged than the ledger says."""
    if amount > 0:
        _grant_shortage(credential, amount)
    moves = {AVAILABLE: -amount, SPENT: amount}
    entry = _post(
        credential, EntryKind.CORRECT, moves, attempt, memo=memo, actor=actor, failed=failed
    )
    if attempt and not attempt.task.is_imported:
        caps.record_use(entry, amount)


@transaction.atomic
def adjust(credential: Credential, amount: int, memo: str, actor: User | None = None) -> None:
    """Make ``amount`` more (or, negative, less) available."""
    moves = {GRANTED: -amount, AVAILABLE: amount}
    _post(credential, EntryKind.ADJUST, moves, memo=memo, actor=actor)


@transaction.atomic
def reconcile(credential: Credential, remaining: int, last_entry: int | None) -> None:
    """Adjust what is available to the balance that the provider reports.

    ``last_entry`` is ``newest_entry()`` from before the request. While orders run, the two sides
    count them at different moments: then only what must be a top-up is adjusted.
    """
    Credential.objects.select_for_update(no_key=True).get(pk=credential.pk)
    now = account_balances(credential)
    idle = now[HELD] == 0 and newest_entry(credential) == last_entry
    difference = remaining - now[AVAILABLE]
    if not idle:
        difference = max(0, difference - now[HELD])
    if difference:
        adjust(credential, difference, "balance read from the provider")


def _grant_shortage(credential: Credential, needed: int) -> None:
    shortage = needed - account_balances(credential)[AVAILABLE]
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
    failed: bool = False,
    carried: bool = False,
) -> Entry:
    if sum(moves.values()):
        raise ValueError(f"a {kind} must sum to zero: {moves}")
    accounts = {account.name: account for account in credential.accounts.all()}
    for name in sorted(moves):  # one order for all, so that two entries never deadlock
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
        amount=moves[SUBJECT_ACCOUNT[kind]],
        failed=failed,
        carried=carried,
        memo=memo,
        actor=actor,
    )
    Line.objects.bulk_create(
        Line(entry=entry, account=accounts[name], amount=amount) for name, amount in moves.items()
    )
    totals.add(entry)
    if kind != EntryKind.HOLD:  # a hold is made before the provider has given its id
        totals.update_claim(entry)
    return entry
