"""What is at risk while the background worker is silent, for every page with live work."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min
from django.http import HttpRequest

from generations import clock
from generations.models import File, Heartbeat, Task, Team
from generations.models.files import FileState
from generations.models.tasks import LIVE

SILENT_TOO_LONG = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Silence:
    """For how long; how many files nobody fetches meanwhile, and when the first link expires."""

    length: timedelta
    files: int
    first: datetime | None

    @property
    def is_late(self) -> bool:
        """Whether the first link has expired already."""
        return self.first is not None and self.first <= clock.now()


def silence(team: Team) -> Silence | None:
    """Return how long the worker is silent; None while it works or the team waits for nothing."""
    last = Heartbeat.objects.filter(name="cluster", at__lt=clock.now() - SILENT_TOO_LONG).first()
    if last is None:
        return None
    links = File.objects.for_team(team).filter(state__in=[FileState.REMOTE, FileState.FETCHING])
    risk = links.aggregate(files=Count("expires_at"), first=Min("expires_at"))
    if not risk["files"] and not Task.objects.for_team(team).filter(state__in=LIVE).exists():
        return None
    return Silence(clock.now() - last.at, **risk)


def has_news(request: HttpRequest, team: Team) -> bool:
    """Return whether a poll must be answered though nothing changed: the notice comes or goes."""
    return "silent" in request.GET or silence(team) is not None
