"""Make copies that browsers play of stored files that they do not: HEVC, ProRes, MKV and the like.

One at a time on the whole site, because each needs a processor for long. The original is never
touched; it is what people download.
"""

import shutil
import uuid
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from django.conf import settings
from django.db.models import F

from generations import clock, media
from generations.media import Crashed, NotMedia
from generations.models import File, Lease
from generations.models.files import FileQuerySet, FileState
from generations.storage import store
from generations.teams import ordering_stops

from . import queue, transitions

log = structlog.get_logger(__name__)

LEASE = "proxy"
SECONDS = 150.0  # for one copy: below a job's time limit (JOB_SECONDS)
LEASE_SECONDS = 175.0
PAUSES = (timedelta(minutes=5), timedelta(hours=1), timedelta(days=1))  # between tries; no more


def make_proxy(file_id: int) -> None:
    """Make the copy of a file that is due. A second worker finds nothing to do."""
    holder = uuid.uuid4().hex
    if not Lease.acquire(LEASE, holder, LEASE_SECONDS):
        return  # whoever makes one now queues the next
    try:
        if file := _claim(file_id):
            _make(file)
    finally:
        Lease.release(LEASE, holder)
    following = due(clock.now()).order_by("not_before").values_list("pk", flat=True).first()
    if following:
        queue.enqueue("proxy", following)


def due(now: datetime) -> FileQuerySet:
    """Return the stored files whose copy is to be made now."""
    return File.objects.filter(state=FileState.STORED, not_before__lte=now)


def _claim(file_id: int) -> File | None:
    """Claim a file that is due. Its next try is set at once, for whoever dies in this one."""
    now = clock.now()
    file = due(now).select_related("task__team").filter(pk=file_id).first()
    if file is None or ordering_stops.is_fetching_stopped():
        return None
    following = now + PAUSES[file.tries] if file.tries < len(PAUSES) else None
    mine = due(now).filter(pk=file_id, tries=file.tries)
    return file if mine.update(tries=F("tries") + 1, not_before=following) else None


def _make(file: File) -> None:
    folder = settings.PARTIAL_DIR / f"{file.pk}-proxy"
    shutil.rmtree(folder, ignore_errors=True)  # of a worker that died
    folder.mkdir(parents=True)
    try:
        with store.local_path(file.name) as original:
            media.make_proxy(original, folder, timeout=SECONDS)
        _keep(file, folder / "proxy.mp4")
    except (NotMedia, Crashed, OSError) as error:
        log.warning("no proxy made", file=file.pk, error=str(error))
        if file.tries >= len(PAUSES):  # it was the last try, and its page says so
            transitions.touch(file.task)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _keep(file: File, made: Path) -> None:
    name = f"{file.team_id}/{file.task_id}/{file.pk}.proxy.mp4"
    store.move_in(made, name)
    if not transitions.save_proxy(file, name):
        store.delete(name)  # the file went out of the trash meanwhile, or is fetched again
