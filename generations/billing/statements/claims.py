"""Claims: matched with attempts by remote id, and accepted or disputed by people."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import batched

from django.db import transaction
from django.db.models import Sum

from generations import clock
from generations.billing import ledger
from generations.billing.ledger.entries import add_stated, total_key
from generations.models import Attempt, Claim, Entry, Statement, Task, Team, User, audit
from generations.models.ledger import CHARGED, CLOSING
from generations.models.statements import ClaimDecision
from generations.models.tasks import CostBasis, TaskState

from .tables import Charge

# A file may have more ids than a database takes parameters in one query.
CHUNK = 500


@dataclass(frozen=True)
class Match:
    """One remote id: ``added`` by these lines, ``amount`` with earlier ones, ``booked`` here.

    ``attempt`` is None where nothing here has the id.
    """

    remote_id: str
    attempt: int | None
    added: int
    amount: int
    booked: int

    @property
    def difference(self) -> int:
        return self.amount - self.booked


class Decided(Exception):
    """Nothing is left to decide: both sides agree, or somebody decided first."""


class UnderWay(Exception):
    """The order has not ended here yet, so the ledger may still come to agree."""


# ---- Match and claim: what machines do with the lines of a statement --------------------------


def match(credential_id: int, charges: Sequence[Charge]) -> list[Match]:
    """Match each remote id of the lines, in their order."""
    added: Counter[str] = Counter()
    for charge in charges:
        added[charge.remote_id] += charge.amount
    return [
        one
        for remote_ids in batched(added, CHUNK)
        for one in _matches(credential_id, {each: added[each] for each in remote_ids})
    ]


def _matches(credential_id: int, added: dict[str, int]) -> Iterable[Match]:
    ours = dict(
        Attempt.objects.filter(credential=credential_id, remote_id__in=list(added)).values_list(
            "remote_id", "pk"
        )
    )
    claims = {
        claim.remote_id: claim
        for claim in Claim.objects.filter(credential=credential_id, remote_id__in=list(added))
    }
    spent = Entry.objects.filter(attempt__in=list(ours.values()), kind__in=CHARGED).order_by()
    booked = dict(spent.values_list("attempt").annotate(sum=Sum("amount", default=0)))
    for remote_id, amount in added.items():
        claim, attempt = claims.get(remote_id), ours.get(remote_id)
        yield Match(
            remote_id,
            attempt,
            amount,
            amount + (claim.amount if claim else 0),
            # Where nothing here has the id, only the claim remembers what was accepted for it.
            booked.get(attempt, 0) if attempt else claim.booked if claim else 0,
        )


def claim(statement: Statement, matches: Sequence[Match], unit: str) -> None:
    """Save what is claimed now. The caller has locked the credential's accounts."""
    for chunk in batched(matches, CHUNK):
        claims = Claim.objects.filter(
            credential=statement.credential_id, remote_id__in=[one.remote_id for one in chunk]
        )
        known = set(claims.values_list("remote_id", flat=True))
        for one in chunk:
            if one.remote_id in known:
                # An earlier decision was about another amount, so the claim is open again.
                claims.filter(remote_id=one.remote_id).update(
                    amount=one.amount, attempt=one.attempt, decision=ClaimDecision.NONE
                )
        Claim.objects.bulk_create(
            _new_claim(statement, one, unit) for one in chunk if one.remote_id not in known
        )
        _add_to_totals(chunk)


def _new_claim(statement: Statement, one: Match, unit: str) -> Claim:
    return Claim(
        team_id=statement.team_id,
        credential_id=statement.credential_id,
        attempt_id=one.attempt,
        remote_id=one.remote_id,
        unit=unit,
        amount=one.amount,
        booked=one.booked,
    )


def _add_to_totals(matches: Iterable[Match]) -> None:
    """Add to the totals of the entries that closed these attempts.

    An attempt that is still open has none: the entry that closes it adds what was claimed.
    """
    added = Counter({one.attempt: one.added for one in matches if one.attempt})
    sums: dict[tuple[tuple[str, object], ...], int] = defaultdict(int)
    for entry in Entry.objects.filter(attempt__in=list(added), kind__in=CLOSING):
        sums[tuple(total_key(entry).items())] += added[entry.attempt_id or 0]
    for names, amount in sums.items():
        add_stated(dict(names), amount)


# ---- Accept and dispute: what people decide ---------------------------------------------------


@transaction.atomic
def accept(claim: Claim, by: User, reason: str = "") -> None:
    """Book the difference by an entry of its own. Raises Decided or UnderWay."""
    claim, attempt = _open(claim), None
    if claim.attempt_id:
        if not Entry.objects.filter(attempt=claim.attempt_id, kind__in=CLOSING).exists():
            raise UnderWay
        attempt = Attempt.objects.select_related("task", "credential").get(pk=claim.attempt_id)
    ledger.correct(
        claim.credential,
        claim.difference,
        f"statement, number {claim.remote_id}",
        by,
        basis=CostBasis.STATEMENT,
        attempt=attempt,
        failed=attempt is not None and attempt.task.state != TaskState.SUCCEEDED,
    )
    if attempt is None:  # the ledger updates only claims of attempts
        Claim.objects.filter(pk=claim.pk).update(booked=claim.amount)
    _decide(claim, ClaimDecision.ACCEPTED, by, reason)


@transaction.atomic
def dispute(claim: Claim, by: User, reason: str) -> None:
    """Leave the ledger as it is. Raises Decided."""
    _decide(_open(claim), ClaimDecision.DISPUTED, by, reason)


def _open(claim: Claim) -> Claim:
    """Return the claim as it is now. The team is locked first, as for every change of a task.

    The object at hand may be old: somebody else may have decided while a person read the page.
    """
    Team.next_sequence(claim.team_id)
    ledger.lock(claim.credential_id)
    now = Claim.objects.select_related("credential", "team").get(pk=claim.pk)
    if not now.differs or now.decision == ClaimDecision.ACCEPTED:
        raise Decided
    return now


def _decide(claim: Claim, decision: ClaimDecision, by: User, reason: str) -> None:
    Claim.objects.filter(pk=claim.pk).update(
        decision=decision, reason=reason, decided_by=by, decided_at=clock.now()
    )
    if claim.attempt_id:  # its page shows the three amounts
        sequence = Team.objects.values_list("sequence", flat=True).get(pk=claim.team_id)
        Task.objects.filter(attempts=claim.attempt_id).touch(sequence)
    audit.record(
        claim.team,
        by,
        f"claim.{decision}",
        claim,
        claimed=claim.amount,
        booked=claim.booked,
        reason=reason,
    )
