"""Record what happened, for notices, webhooks and an API to read later."""

from generations.models import Event, Team
from generations.models.events import EventKind


def record(team: Team | int, kind: EventKind, subject_id: int, **detail: object) -> None:
    """Add one event. Call it inside the transaction that makes the change, or it may be lost."""
    team_id = team if isinstance(team, int) else team.pk
    Event.objects.create(team_id=team_id, kind=kind, subject_id=subject_id, detail=detail)
