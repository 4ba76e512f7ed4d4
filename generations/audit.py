"""Write down who did what."""

from generations.models import Event, Team, User


def record(team: Team, actor: User | None, verb: str, subject: object, **detail: object) -> None:
    """One act; ``actor`` is None where Rushes acted by itself. Never put a secret in."""
    Event.objects.create(
        team=team, actor=actor, verb=verb, subject=str(subject)[:200], detail=detail
    )
