"""Write entries: each has lines that sum to zero, and updates totals, caps, attempts and claims.

Accounts change first, then totals, then caps, in every entry: so no two entries deadlock. An amount
of None is not known: it moves nothing, and is counted instead.
"""

from collections.abc import Mapping

from django.db import transaction
from django.db.models import F

from generations.billing import caps
from generations.models import (
    Attempt,
    BalanceFall,
    Claim,
    Credential,
    DayTotal,
    Entry,
    Line,
    Total,
    User,
)
from generations.models.films import WORK
from generations.models.ledger import (
    AMOUNT_UNKNOWN,
    CHARGED,
    CLOSING,
    SUBJECT_ACCOUNT,
    AccountName,
    EntryKind,
)
from generations.models.tasks import CostBasis

from .accounts import AVAILABLE, GRANTED, HELD, SPENT, account_balances, change, lock
from .booked import save_booked
from .falls import explain, fall_of

type Key = dict[str, object]
type Moves = Mapping[AccountName, int]


@transaction.atomic
def hold(attempt: Attempt, *, carried: bool = False, accepts_unknown: bool = False) -> None:
    """Hold the attempt's estimate. Raises InsufficientCredits or an error of ``caps``.

    ``carried``: it replaces a hold that was released just now, so no cap is checked.
    ``accepts_unknown``: the person knows that nobody knows what it will cost.
    """
    credential, amount = attempt.credential, attempt.estimate
    moves: Moves = {} if amount is None else {AVAILABLE: -amount, HELD: amount}
    if amount and credential.balance is None:  # no balance is known: grant what is needed
        _grant_shortage(credential, amount)
    entry = _post(credential, EntryKind.HOLD, moves, attempt, carried=carried)
    use = caps.Added(amount or 0, unknown=int(amount is None))
    caps.record_use(entry, use, capped=not carried, accepts_unknown=accepts_unknown)


@transaction.atomic
def settle(
    attempt: Attempt,
    cost: int | None,
    *,
    basis: CostBasis = CostBasis.PROVIDER,
    failed: bool = False,
) -> None:
    """Close the hold with what was charged, more or less than was held; None: nobody knows.

    ``failed``: charged although no clip came.
    """
    credential, held = attempt.credential, attempt.estimate or 0
    moves = {HELD: -held, AVAILABLE: held}
    if cost is not None:
        _grant_shortage(credential, cost - held)  # it was charged, whatever we thought was left
        moves = {HELD: -held, SPENT: cost, AVAILABLE: held - cost}
    entry = _post(credential, EntryKind.SETTLE, moves, attempt, basis=basis, failed=failed)
    # Not capped: what was charged is spent, even where the use goes over the cap by it.
    unknown = int(cost is None) - int(attempt.estimate is None)
    caps.record_use(entry, caps.Added((cost or 0) - held, unknown))


@transaction.atomic
def release(attempt: Attempt, *, carried: bool = False) -> None:
    """Close the hold with nothing charged. ``carried``: the next attempt holds it at once."""
    amount = attempt.estimate
    moves: Moves = {} if amount is None else {HELD: -amount, AVAILABLE: amount}
    entry = _post(attempt.credential, EntryKind.RELEASE, moves, attempt, carried=carried)
    if not attempt.task.is_imported:  # what was never held here counts under no cap
        caps.record_use(entry, caps.Added(-(amount or 0), unknown=-int(amount is None)))


@transaction.atomic
def record_import(
    attempt: Attempt, cost: int | None, *, basis: CostBasis = CostBasis.PROVIDER
) -> None:
    """Record what an imported clip had cost, as its provider reports it; None: nobody knows.

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
    moves = {} if cost is None else {GRANTED: -cost, SPENT: cost}
    _post(attempt.credential, EntryKind.IMPORT, moves, attempt, basis=basis)


@transaction.atomic
def correct(
    credential: Credential,
    amount: int,
    memo: str,
    actor: User | None,
    *,
    basis: CostBasis = CostBasis.PERSON,
    attempt: Attempt | None = None,
    fall: BalanceFall | None = None,
    failed: bool = False,
) -> None:
    """Record that ``amount`` more (or, negative, less) was charged than the ledger says.

    ``fall`` is the fall of the balance that it explains, by default one in which the attempt ended:
    so much is gone from *available* already, and comes from *granted*. So does all that an imported
    clip had cost.
    """
    lock(credential.pk)
    is_news = attempt is not None and not is_cost_known(attempt)
    is_imported = attempt is not None and attempt.task.is_imported
    if fall is None and attempt and amount > 0 and not is_imported:
        fall = fall_of(attempt)
    explained = min(amount, fall.left) if fall else 0
    outside = amount if is_imported else explained
    _grant_shortage(credential, amount - outside)
    moves = {GRANTED: -outside, AVAILABLE: outside - amount, SPENT: amount}
    entry = _post(
        credential,
        EntryKind.CORRECT,
        moves,
        attempt,
        memo=memo,
        actor=actor,
        basis=basis,
        failed=failed,
        fall=fall,
    )
    if attempt and not is_imported:
        caps.record_use(entry, caps.Added(amount, unknown=-int(is_news)))
    if attempt and is_news:
        _count_as_known(attempt)
    if fall:
        explain(fall, explained, actor)


def is_cost_known(attempt: Attempt) -> bool:
    """Whether the ledger knows what an attempt cost; also where it has not ended."""
    entries = Entry.objects.filter(attempt=attempt.pk)
    is_unknown = entries.filter(AMOUNT_UNKNOWN, kind__in=CHARGED).exists()
    return not is_unknown or entries.filter(kind=EntryKind.CORRECT).exists()


@transaction.atomic
def adjust(credential: Credential, amount: int, memo: str, actor: User | None = None) -> None:
    """Make ``amount`` more (or, negative, less) available."""
    moves = {GRANTED: -amount, AVAILABLE: amount}
    _post(credential, EntryKind.ADJUST, moves, memo=memo, actor=actor)


def _grant_shortage(credential: Credential, needed: int) -> None:
    shortage = needed - account_balances(credential)[AVAILABLE] if needed > 0 else 0
    if shortage > 0:
        adjust(credential, shortage, "granted as it was needed")


def _post(
    credential: Credential,
    kind: EntryKind,
    moves: Moves,
    attempt: Attempt | None = None,
    *,
    memo: str = "",
    actor: User | None = None,
    basis: CostBasis | None = None,
    fall: BalanceFall | None = None,
    failed: bool = False,
    carried: bool = False,
) -> Entry:
    if sum(moves.values()):
        raise ValueError(f"a {kind} must sum to zero: {moves}")
    accounts = {account.name: account for account in credential.accounts.all()}
    if AVAILABLE not in moves:  # what is not known changes no account, and totals need the lock
        lock(credential.pk)
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
        amount=moves.get(SUBJECT_ACCOUNT[kind]),
        basis=basis if basis and SUBJECT_ACCOUNT[kind] in moves else "",
        fall=fall,
        failed=failed,
        carried=carried,
        memo=memo,
        actor=actor,
    )
    Line.objects.bulk_create(
        Line(entry=entry, account=accounts[name], amount=amount) for name, amount in moves.items()
    )
    _add_to_totals(entry)
    if kind != EntryKind.HOLD:
        save_booked(entry)
        _update_claim(entry)  # a hold is made before the provider has given its id
    return entry


# ---- Totals by day, so that no page sums the ledger -------------------------------------------


def _add_to_totals(entry: Entry) -> None:
    settled = entry.attempt if entry.kind == EntryKind.SETTLE else None
    added = {
        "entries": 1,
        "amount": entry.amount or 0,
        "estimate": (settled.estimate or 0) if settled else 0,
        "unknown": int(entry.amount is None and entry.kind in CHARGED),
    }
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


def _count_as_known(attempt: Attempt) -> None:
    """Take an attempt, of which a later entry tells the cost, from the unknown of its total."""
    for entry in Entry.objects.filter(AMOUNT_UNKNOWN, attempt=attempt.pk, kind__in=CHARGED):
        for model, names in _totals(total_key(entry)):
            model.objects.filter(**names).update(unknown=F("unknown") - 1)


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
    spent = (entry.amount or 0) if entry.kind in CHARGED else 0
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
