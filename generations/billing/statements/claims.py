"""Match charges with attempts by remote id, and update the claims."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import batched

from django.db.models import QuerySet, Sum

from generations.billing.ledger.totals import add_stated, total_key
from generations.models import Attempt, Claim, Entry, Statement
from generations.models.ledger import CHARGED, CLOSING
from generations.models.statements import ClaimDecision

from .lines import Charge

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
    booked = _booked(ours.values())
    for remote_id, amount in added.items():
        claim, attempt = claims.get(remote_id), ours.get(remote_id)
        yield Match(
            remote_id,
            attempt,
            amount,
            amount + (claim.amount if claim else 0),
            booked.get(attempt, 0) if attempt else claim.booked if claim else 0,
        )


def _booked(attempts: Iterable[int]) -> dict[int | None, int]:
    spent = Entry.objects.filter(attempt__in=list(attempts), kind__in=CHARGED).order_by()
    return dict(spent.values_list("attempt").annotate(sum=Sum("amount")))


def claim(statement: Statement, matches: Sequence[Match], unit: str) -> None:
    """Save what is claimed now. The caller has locked the credential."""
    for chunk in batched(matches, CHUNK):
        claims = Claim.objects.filter(
            credential=statement.credential_id, remote_id__in=[one.remote_id for one in chunk]
        )
        known = set(claims.values_list("remote_id", flat=True))
        for one in chunk:
            if one.remote_id in known:
                _claim_more(claims.filter(remote_id=one.remote_id), one)
        Claim.objects.bulk_create(
            _claim_anew(statement, one, unit) for one in chunk if one.remote_id not in known
        )
        _count(chunk)


def _claim_anew(statement: Statement, one: Match, unit: str) -> Claim:
    return Claim(
        team_id=statement.team_id,
        credential_id=statement.credential_id,
        attempt_id=one.attempt,
        remote_id=one.remote_id,
        unit=unit,
        amount=one.amount,
        booked=one.booked,
    )


def _claim_more(claim: "QuerySet[Claim]", one: Match) -> None:
    """Reset the decision: it was about another amount."""
    claim.update(amount=one.amount, attempt=one.attempt, decision=ClaimDecision.NONE)


def _count(matches: Iterable[Match]) -> None:
    """Add to the totals of the entries that closed these attempts."""
    added = Counter({one.attempt: one.added for one in matches if one.attempt})
    sums: dict[tuple[tuple[str, object], ...], int] = defaultdict(int)
    for entry in Entry.objects.filter(attempt__in=list(added), kind__in=CLOSING):
        sums[tuple(total_key(entry).items())] += added[entry.attempt_id or 0]
    for names, amount in sums.items():
        add_stated(dict(names), amount)
