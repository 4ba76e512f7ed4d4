"""Write entries: each has lines that sum to zero, and updates totals, caps and claims.

Accounts change first, then totals, then caps, in every entry: so no two entries deadlock.
"""

from collections.abc import Mapping

from django.db import transaction
from django.db.models import F

from generations.billing import caps
from generations.models import Attempt, Claim, Credential, DayTotal, Entry, Line, Total, User
from generations.models.films import WORK
from generations.models.ledger import CHARGED, CLOSING, SUBJECT_ACCOUNT, AccountName, EntryKind

from .accounts import AVAILABLE, GRANTED, HELD, SPENT, account_balances, change, lock

type Key = dict[str, object]


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
    # Not capped: what was charged is spent, even where the use goes over the cap by it.
    caps.record_use(entry, cost - held)


@transaction.atomic
def release(attempt: Attempt, *, carried: bool = False) -> None:
    """Close the hold with nothing charged. ``carried``: the next attempt holds it at once."""
    moves = {HELD: -attempt.estimate, AVAILABLE: attempt.estimate}
    entry = _post(attempt.credential, EntryKind.RELEASE, moves, attempt, carried=carried)
    caps.record_use(entry, -attempt.estimate)


@transaction.atomic
def record_import(attempt: Attempt) -> None:
    """Record what an imported clip had cost, as its provider reports it.

    It was never held here, and the balance that the provider reports does not contain it any more:
    so it comes from *granted*, leaves *available* as it is, and counts against no cap.
    """
    # Else a statement of this key that is imported meanwhile would not see what is booked here.
    lock(attempt.credential_id)
    # A statement may have claimed it before it was imported, and somebody accepted that: the entry
    # from then is undone, or the clip would be spent twice.
    if booked := _reset_booked(attempt):
        moves = {AVAILABLE: booked, SPENT: -booked}
        memo = "booked with its clip instead"
        _post(attempt.credential, EntryKind.CORRECT, moves, memo=memo)
    cost = attempt.cost or 0
    _post(attempt.credential, EntryKind.IMPORT, {GRANTED: -cost, SPENT: cost}, attempt)


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
    # An order locks this row too: none can begin between these readings and the adjustment.
    Credential.objects.select_for_update(no_key=True).get(pk=credential.pk)
    now = account_balances(credential)
    idle = now[HELD] == 0 and newest_entry(credential) == last_entry
    difference = remaining - now[AVAILABLE]
    if not idle:
        # The provider may not have charged yet what is held here: so much may be no top-up.
        difference = max(0, difference - now[HELD])
    if difference:
        adjust(credential, difference, "balance read from the provider")


def newest_entry(credential: Credential) -> int | None:
    """Return the primary key of the newest entry; for ``reconcile``."""
    return credential.entries.order_by("-pk").values_list("pk", flat=True).first()


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
    # Person and model are copied, because totals and lists read entries without their tasks.
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
    _add_to_totals(entry)
    if kind != EntryKind.HOLD:  # a hold is made before the provider has given its id
        _update_claim(entry)
    return entry


# ---- Totals by day, so that no page sums the ledger -------------------------------------------


def _add_to_totals(entry: Entry) -> None:
    estimate = entry.attempt.estimate if entry.attempt and entry.kind == EntryKind.SETTLE else 0
    added = {"entries": 1, "amount": entry.amount, "estimate": estimate}
    for model, names in _totals(total_key(entry)):
        counted = model.objects.filter(**names).update(
            **{name: F(name) + amount for name, amount in added.items()}
        )
        # Nobody else makes the row meanwhile: entries of one kind change the same accounts, and
        # these are locked already.
        if not counted:
            model.objects.create(**names, **added, team_id=entry.team_id, unit=entry.unit)


def add_stated(key: Key, amount: int) -> None:
    """Add what statements say of the entries of one total."""
    for model, names in _totals(key):
        model.objects.filter(**names).update(stated=F("stated") + amount)


def total_key(entry: Entry) -> Key:
    """Return the key of the total that an entry belongs to."""
    return {
        "credential_id": entry.credential_id,
        "day": entry.day,
        "kind": entry.kind,
        "failed": entry.failed,
        "carried": entry.carried,
        "model": entry.model,
        "person_id": entry.person_id,
    }


def _totals(key: Key) -> list[tuple[type[Total] | type[DayTotal], Key]]:
    """Return the model and the key of the total, and of the day total, that this key belongs to."""
    kept = {name: value for name, value in key.items() if name not in {"model", "person_id"}}
    return [(Total, key), (DayTotal, {**kept, "of_film": key["model"] in WORK})]


# ---- The claim of a statement, which says what is booked beside what is claimed ---------------


def _update_claim(entry: Entry) -> None:
    if entry.attempt_id is None:
        return
    # By the provider's id: a statement may have named it before anything here had that id.
    remote_ids = (
        Attempt.objects.filter(pk=entry.attempt_id).exclude(remote_id="").values("remote_id")
    )
    claim = Claim.objects.filter(credential=entry.credential_id, remote_id__in=remote_ids).first()
    if claim is None:
        return
    spent = entry.amount if entry.kind in CHARGED else 0
    Claim.objects.filter(pk=claim.pk).update(attempt=entry.attempt_id, booked=F("booked") + spent)
    # What was stated before the attempt ended counts with the entry that has closed it now.
    if entry.kind in CLOSING:
        add_stated(total_key(entry), claim.amount)


def _reset_booked(attempt: Attempt) -> int:
    """Return what was booked on its claim before the import, and reset it to 0."""
    claims = Claim.objects.filter(
        credential=attempt.credential_id, remote_id=attempt.remote_id, attempt=None
    )
    booked = sum(claims.values_list("booked", flat=True))
    claims.update(booked=0)
    return booked
