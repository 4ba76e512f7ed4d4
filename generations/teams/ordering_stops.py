"""What stops ordering: a stop of all teams or of one, a copied database, a full disk, a quota.

Orders that wait already keep their holds and wait on. What a provider has is still polled and
fetched.
"""

from django.conf import settings
from django.db.models import Max, Sum

from generations.models import File, Installation, Team, Upload
from generations.models.files import FileState
from generations.storage import store

from . import installation

COPIED, STOPPED, TEAM_STOPPED = "copied", "stopped", "team_stopped"
LOW_DISK, QUOTA = "low_disk", "quota"
OBSTACLES = (COPIED, STOPPED, TEAM_STOPPED, LOW_DISK)  # values of ``Task.obstacle``
MEGABYTE = 1_000_000


def sending_obstacle(team: Team) -> str:
    """Return why a team may send nothing to a provider now, or ""."""
    if row := Installation.objects.first():
        if not installation.is_at_home(row):
            return COPIED
        if row.stopped_at:
            return STOPPED
    if team.stopped_at:
        return TEAM_STOPPED
    return LOW_DISK if store.free_bytes() < settings.MIN_FREE_MB * MEGABYTE else ""


def ordering_obstacle(team: Team) -> str:
    """Return why a team may order nothing new now, or ""."""
    return sending_obstacle(team) or (QUOTA if is_full(team) else "")


def is_fetching_stopped() -> bool:
    """Whether the database needs what is left of the disk."""
    # Later than ordering: a new order can wait, but the link of a result dies.
    return store.free_bytes() < settings.MIN_FREE_MB * MEGABYTE // 4


def is_full(team: Team) -> bool:
    """Whether a team has reached its quota."""
    return team.quota is not None and stored_bytes(team) >= team.quota


def stored_bytes(team: Team) -> int:
    """Return the bytes of a team's results and pictures; the same bytes count once."""
    kept = File.objects.filter(team=team, state=FileState.STORED)
    each = kept.order_by().values("sha256").annotate(bytes=Max("size"))
    results = each.aggregate(sum=Sum("bytes", default=0))["sum"]
    pictures = Upload.objects.filter(team=team).aggregate(sum=Sum("size", default=0))["sum"]
    return int(results + pictures)
