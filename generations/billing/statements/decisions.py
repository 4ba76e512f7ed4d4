"""Accept a claim, and the ledger follows it; or dispute it with a reason."""

from django.db import transaction

from generations import audit, clock
from generations.billing import ledger
from generations.models import Attempt, Claim, Entry, Task, Team, User
from generations.models.ledger import CLOSING
from generations.models.statements import ClaimDecision
from generations.models.tasks import TaskState


class Decided(Exception):
    """Nothing is left to decide: both sides agree, or somebody decided first."""


class UnderWay(Exception):
    """The order has not ended here yet, so the ledger may still come to agree."""


@transaction.atomic
def accept(claim: Claim, by: User, reason: str = "") -> None:
    """Book the difference by an entry of its own. Raises Decided or UnderWay."""
    claim = _open(claim)
    if claim.attempt_id and not _is_closed(claim.attempt_id):
        raise UnderWay
    attempt = _attempt(claim.attempt_id)
    ledger.correct(
        claim.credential,
        claim.difference,
        f"statement, number {claim.remote_id}",
        by,
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
    """Return the claim as it is now. The team is locked first, as for every change of a task."""
    Team.next_sequence(claim.team_id)
    ledger.lock(claim.credential_id)
    now = Claim.objects.select_related("credential", "team").get(pk=claim.pk)
    if not now.differs or now.decision == ClaimDecision.ACCEPTED:
        raise Decided
    return now


def _is_closed(attempt_id: int) -> bool:
    return Entry.objects.filter(attempt=attempt_id, kind__in=CLOSING).exists()


def _attempt(attempt_id: int | None) -> Attempt | None:
    if attempt_id is None:
        return None
    return Attempt.objects.select_related("task", "credential").get(pk=attempt_id)


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
