"""What a statement says of a number, beside what the books say of the attempt that has it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import batched

from django.db.models import QuerySet, Sum

from generations.billing.ledger.totals import key, state
from generations.models import Attempt, Claim, Entry, Statement
from generations.models.ledger import CHARGED, CLOSING
from generations.models.statements import Decision

from .lines import Charge

CHUNK = 500


@dataclass(frozen=True)
class Match:
    """One number: ``added`` by these lines, ``amount`` with those of before, ``booked`` here.

    ``attempt`` is None where nothing here has the number.
    """

    number: str
    attempt: int | None
    added: int
    amount: int
    booked: int

    @property
    def difference(self) -> int:
        return self.amount - self.booked


def match(credential_id: int, charges: Sequence[Charge]) -> list[Match]:
    """For each number of the lines, in their order."""
    added: Counter[str] = Counter()
    for charge in charges:
        added[charge.number] += charge.amount
    return [
        one
        for numbers in batched(added, CHUNK)
        for one in _matches(credential_id, {number: added[number] for number in numbers})
    ]


def _matches(credential_id: int, added: dict[str, int]) -> Iterable[Match]:
    ours = dict(
        Attempt.objects.filter(credential=credential_id, number__in=list(added)).values_list(
            "number", "pk"
        )
    )
    claims = {
        claim.number: claim
        for claim in Claim.objects.filter(credential=credential_id, number__in=list(added))
    }
    booked = _booked(ours.values())
    for number, amount in added.items():
        claim, attempt = claims.get(number), ours.get(number)
        yield Match(
            number,
            attempt,
            amount,
            amount + (claim.amount if claim else 0),
            booked.get(attempt, 0) if attempt else claim.booked if claim else 0,
        )


def _booked(attempts: Iterable[int]) -> dict[int | None, int]:
    spent = Entry.objects.filter(attempt__in=list(attempts), kind__in=CHARGED).order_by()
    return dict(spent.values_list("attempt").annotate(sum=Sum("amount")))


def claim(statement: Statement, matches: Sequence[Match], unit: str) -> None:
    """Write down what is claimed now; the credential's row is locked by the caller."""
    for chunk in batched(matches, CHUNK):
        claims = Claim.objects.filter(
            credential=statement.credential_id, number__in=[one.number for one in chunk]
        )
        known = set(claims.values_list("number", flat=True))
        for one in chunk:
            if one.number in known:
                _claim_more(claims.filter(number=one.number), one)
        Claim.objects.bulk_create(
            _claim_anew(statement, one, unit) for one in chunk if one.number not in known
        )
        _count(chunk)


def _claim_anew(statement: Statement, one: Match, unit: str) -> Claim:
    return Claim(
        team_id=statement.team_id,
        credential_id=statement.credential_id,
        attempt_id=one.attempt,
        number=one.number,
        unit=unit,
        amount=one.amount,
        booked=one.booked,
    )


def _claim_more(claim: "QuerySet[Claim]", one: Match) -> None:
    """What was decided was decided of another amount."""
    claim.update(amount=one.amount, attempt=one.attempt, decision=Decision.NONE)


def _count(matches: Iterable[Match]) -> None:
    """Into the totals of the entries that closed these attempts."""
    added = Counter({one.attempt: one.added for one in matches if one.attempt})
    sums: dict[tuple[tuple[str, object], ...], int] = defaultdict(int)
    for entry in Entry.objects.filter(attempt__in=list(added), kind__in=CLOSING):
        sums[tuple(key(entry).items())] += added[entry.attempt_id or 0]
    for names, amount in sums.items():
        state(dict(names), amount)
