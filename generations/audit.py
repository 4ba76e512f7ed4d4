"""Record who did what."""

from generations.models import AuditEvent, Team, User


def record(team: Team, actor: User | None, verb: str, subject: object, **detail: object) -> None:
    """Add one audit event; ``actor`` is None for Rushes itself. Never put a secret in."""
    AuditEvent.objects.create(
        team=team, actor=actor, verb=verb, subject=str(subject)[:200], detail=detail
    )
