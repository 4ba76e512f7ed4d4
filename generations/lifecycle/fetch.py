"""Fetch results before their links die, the most urgent first.

A file is called stored only when it came whole, was hashed and was inspected. A dead link is asked
for again before its file is called lost.
"""

import errno
import fcntl
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from generations import clock, crash
from generations.media import Crashed, Facts, NotMedia, RejectReason, format_of, inspect
from generations.models import Attempt, File, Film, Lease, events
from generations.models.events import EventKind
from generations.models.files import FileQuerySet, FileRole, FileState
from generations.models.leases import idle
from generations.models.tasks import AttemptState
from generations.net.download import (
    DownloadedFile,
    DownloadFailed,
    DownloadPaused,
    DownloadTooLarge,
    LinkForbidden,
    LinkGone,
    discard,
    download,
)
from generations.providers.contract import ProviderError, Refused
from generations.storage import store
from generations.teams import credentials, ordering_stops, provider_access
from generations.teams.provider_access import connect

from . import queue, transitions

log = structlog.get_logger(__name__)

# A download renews it each second. The inspection cannot, and so must end before it.
LEASE = timedelta(seconds=60)
# The two together stay below a job's time limit (JOB_SECONDS).
SLICE_SECONDS = 100.0  # of one job; the rest of a large file is the next job's
INSPECT_SECONDS = 50.0
MOST_BYTES = 20 * 1024**3
SHORT_WAIT = timedelta(seconds=5)
MOST_WAIT = timedelta(minutes=5)
NEW_LINK = 3 * MOST_WAIT  # a link that is dead so early has not died of age
MOST_TRIES = 12  # with new links, each of them dead or not a film
MOST_DEAD = 3  # with the same dead link
MOST_CRASHES = 3
NO_ROOM = "no_room"  # ``last_error`` of a file that waits for room on the disk
KEY_REMOVED = "nobody can ask for another link, its key was removed"
ROOM_WAIT = timedelta(minutes=1)
DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
EXPECTED = {
    FileRole.VIDEO: "video",
    FileRole.WATERMARKED: "video",
    FileRole.COVER: "image",
    FileRole.AUDIO: "audio",
}
FACT_FIELDS = (
    *("name", "size", "sha256", "content_type", "poster", "preview", "placeholder"),
    *("duration_ms", "width", "height", "fps", "codec", "has_sound"),
)
SUFFIX = {"video": "mp4", "image": "jpg", "audio": "mp3"}


def fetch(file_id: int) -> None:
    """Fetch the most urgent file that is due, which need not be the one that was queued."""
    file = _claim()
    if file is None:
        return
    folder = settings.PARTIAL_DIR / str(file.pk)
    # The lease in the row can run out while its worker is only stopped, so it alone would let two
    # write into one folder. The lock of the folder is held as long as that process lives.
    try:
        with _lock(folder) as is_locked:
            if is_locked and _is_still_fetching(file):
                _fetch(file, folder)
            elif is_locked:  # we made the folder anew
                shutil.rmtree(folder, ignore_errors=True)
    except OSError as error:
        if error.errno not in DISK_FULL:
            raise
        _wait_for_room(file, folder)
    if following := _due(clock.now()).most_urgent_first().first():
        queue.enqueue("fetch", following.pk)  # its own job may have found no slot free


def _due(now: datetime) -> FileQuerySet:
    """Return the files whose next try has come and that no worker holds."""
    has_come = Q(not_before=None) | Q(not_before__lte=now)
    return File.objects.unfetched().filter(idle(now), has_come)


def _has_no_free_slot(now: datetime) -> bool:
    """Whether as many files are fetched as may be at once.

    One worker is the poller's and one stays free, so that no order waits behind a slow file.
    """
    fetching = File.objects.filter(state=FileState.FETCHING, lease_until__gt=now).count()
    return fetching >= max(1, settings.WORKERS - 2)


@transaction.atomic
def _claim() -> File | None:
    """Claim the most urgent file that is due; None where there is none, or no slot."""
    # One at a time: nobody may take a slot between our count and our claim.
    Lease.wait_for_turn("fetch")
    now = clock.now()
    if _has_no_free_slot(now):
        return None
    due = _due(now)
    # The try is counted here: a worker that dies in it, perhaps by this very file, has counted too.
    for file in due.most_urgent_first()[:10]:
        if due.filter(pk=file.pk).update(
            state=FileState.FETCHING, lease_until=now + LEASE, tries=F("tries") + 1
        ):
            return File.objects.select_related("task__team", "task__credential__team").get(
                pk=file.pk
            )
    return None


def _is_still_fetching(file: File) -> bool:
    """Read the row again: the worker that had the folder before may have stored the file."""
    file.refresh_from_db()
    return file.state == FileState.FETCHING


@contextmanager
def _lock(folder: Path) -> Iterator[bool]:
    """Lock the folder of one file; yield False where another process has it.

    The lock of a process that dies ends with it, unlike the lease in the row.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def _fetch(file: File, folder: Path) -> None:
    """Download, inspect and store one file, or write down what came in between."""
    if _is_in_storage(file):
        return _mark_stored(file, folder)
    if ordering_stops.is_fetching_stopped():
        return _wait_for_room(file, folder)
    # After some failures the wait between two tries is longer than a link lives.
    if _has_dead_link(file) and not _renew_link(file, folder, "the link has died"):
        return None
    body = folder / "body"
    try:
        got = _download(file, body)
        crash.point("fetch.downloaded")
        credentials.lengthen_link_life(file.task.credential, clock.now() - file.seen_at)
        facts = _facts(file, body, folder)
    except LinkGone as error:
        # First of all for the other files of this key: they become more urgent at once.
        transitions.shorten_link_lives(file)
        return _ask_for_link(file, folder, str(error))
    except NotMedia as error:
        if ordering_stops.is_fetching_stopped():  # perhaps only its pictures found no room
            return _wait_for_room(file, folder)
        body.unlink(missing_ok=True)  # or the next try would continue these bytes
        return _ask_for_link(file, folder, f"not a {EXPECTED[FileRole(file.role)]}: {error}")
    except DownloadPaused:
        return _later(file, "", timedelta(0))  # a slice came in full, which is no failed try
    except DownloadTooLarge as error:
        return _mark_lost(file, folder, str(error))
    except (DownloadFailed, LinkForbidden, Crashed, OSError) as error:
        if getattr(error, "errno", None) in DISK_FULL or ordering_stops.is_fetching_stopped():
            return _wait_for_room(file, folder)
        # Whatever went wrong: the next try would meet a dead link.
        if file.expires_at and file.expires_at < clock.now():
            return _ask_for_link(file, folder, str(error))
        return _later(file, str(error), _wait(file))
    _store(file, folder, got, facts)
    return _mark_stored(file, folder)


def _download(file: File, body: Path) -> DownloadedFile:
    return download(
        file.url,
        body,
        provider_access.policy(),
        limit_bytes=MOST_BYTES,
        deadline=SLICE_SECONDS,
        on_progress=_progress(file),
    )


def _facts(file: File, body: Path, folder: Path) -> Facts | None:
    """Inspect a download. None where the inspector dies each time: paid bytes are kept anyway,
    unless their first bytes show that they are no film, which needs no decoder.
    """
    try:
        facts = inspect(body, folder, timeout=INSPECT_SECONDS)
    except Crashed:
        if file.tries < MOST_CRASHES:
            raise
        format_of(body)
        log.exception("stored without inspection", file=file.pk)
        return None
    if facts.media_type != EXPECTED[FileRole(file.role)]:
        raise NotMedia(RejectReason.UNKNOWN)
    return facts


def _progress(file: File) -> Callable[[int, int | None], None]:
    """Return a callback that renews the lease and shows how much has come."""

    def show(received: int, total: int | None) -> None:
        with transaction.atomic():
            transitions.touch(file.task)
            File.objects.filter(pk=file.pk, state=FileState.FETCHING).update(
                received=received, size=total, lease_until=clock.now() + LEASE
            )

    return show


def _store(file: File, folder: Path, got: DownloadedFile, facts: Facts | None) -> None:
    """Write down what the file is, then move it into the storage.

    In this order a crash between the two is found out by ``_is_in_storage``.
    """
    media_type = EXPECTED[FileRole(file.role)]
    stem = f"{file.team_id}/{file.task_id}/{file.pk}"
    file.name, file.size, file.sha256 = f"{stem}.{SUFFIX[media_type]}", got.size, got.sha256
    file.content_type = {"video": "video/mp4", "image": "image/jpeg", "audio": "audio/mpeg"}[
        media_type
    ]
    if facts:
        file.duration_ms, file.has_sound = facts.duration_ms or None, facts.has_audio
        file.width, file.height = facts.width or None, facts.height or None
        file.fps, file.codec = facts.fps or None, facts.codec
        file.placeholder = facts.placeholder
    if (folder / "poster.webp").exists():
        file.poster = f"{stem}.poster.webp"
        store.move_in(folder / "poster.webp", file.poster)
    if (folder / "preview.mp4").exists():
        file.preview = f"{stem}.preview.mp4"
        store.move_in(folder / "preview.mp4", file.preview)
    file.save(update_fields=FACT_FIELDS)
    crash.point("fetch.written")
    if not _share_bytes(file):
        store.move_in(folder / "body", file.name)
    crash.point("fetch.kept")


def _share_bytes(file: File) -> bool:
    """Link the file to the same bytes of another file of the team. False where there are none."""
    twins = File.objects.filter(team=file.team_id, sha256=file.sha256, state=FileState.STORED)
    twin = twins.exclude(pk=file.pk).first()
    # Not by the row alone: bytes that are damaged there would be lost here too.
    try:
        return bool(
            twin and store.sha256(twin.name) == file.sha256 and store.add_link(twin.name, file.name)
        )
    except OSError as error:
        log.info("bytes not shared", file=file.pk, error=str(error))
        return False


def _is_in_storage(file: File) -> bool:
    """Whether the right bytes are in the storage: an earlier worker died after it moved them."""
    if not (file.sha256 and store.exists(file.name)):
        return False
    return store.sha256(file.name) == file.sha256


def _mark_stored(file: File, folder: Path) -> None:
    # The folder first: nobody would come back to that of a stored file.
    shutil.rmtree(folder, ignore_errors=True)
    with transaction.atomic():
        transitions.touch(file.task)
        if File.objects.filter(pk=file.pk, state=FileState.FETCHING).update(
            state=FileState.STORED,
            stored_at=clock.now(),
            received=F("size"),
            lease_until=None,
            last_error="",
        ):
            events.record(file.team_id, EventKind.FILE_STORED, file.pk)


def _has_dead_link(file: File) -> bool:
    """Whether the link died while the file waited, so that a try would prove nothing.

    A link that was given just now is tried whatever it says, because the two clocks may differ.
    """
    now = clock.now()
    died = file.expires_at is not None and file.expires_at <= now
    return died and now - file.seen_at > SHORT_WAIT and not transitions.is_of_tree(file)


def _ask_for_link(file: File, folder: Path, error_text: str) -> None:
    """Ask the provider for a new link. A file is lost when new links are dead again and again.

    A link that grew old while its server could not be reached proves nothing: tries begin anew.
    """
    if transitions.is_of_tree(file):
        return _ask_for_tree(file, folder, error_text)
    # As they are before the report, which writes the new link and the time when it was seen.
    before, was_new = file.url, clock.now() - file.seen_at <= NEW_LINK
    if not _renew_link(file, folder, error_text):
        return None
    is_proved = was_new and _failed_alike_before(file, error_text)
    if is_proved and file.tries >= (MOST_TRIES if file.url != before else MOST_DEAD):
        return _mark_lost(file, folder, error_text)
    return _later(file, error_text, _wait(file))


def _failed_alike_before(file: File, error_text: str) -> bool:
    """Whether the try before ended with the same error; a try whose worker died proves nothing."""
    return file.last_error == error_text[:200]


def _renew_link(file: File, folder: Path, error_text: str) -> bool:
    """Ask for the task again and save its links. False where the file waits or is lost by it."""
    if file.task.credential.removed_at:
        _mark_lost(file, folder, f"{KEY_REMOVED}; {error_text}")
        return False
    if not provider_access.take_requests(file.task.credential_id, 1):
        _later(file, "", SHORT_WAIT)
        return False
    was_new = clock.now() - file.seen_at <= NEW_LINK
    attempt = (
        Attempt.objects.select_related("task__team", "credential__team")
        .filter(task=file.task, state=AttemptState.ACCEPTED)
        .latest("ordinal")
    )
    try:
        with connect(attempt.credential) as connection:
            report = connection.check(attempt.remote_id)
    except ProviderError as error:
        error_text = f"the provider: {error}; {error_text}"
        is_refused = isinstance(error, Refused) and file.last_error.startswith(
            f"the provider: {error};"
        )
        if is_refused and file.tries >= MOST_DEAD:  # fewer are a hiccup
            _mark_lost(file, folder, error_text)
        else:
            _later(file, error_text, _wait(file))
        return False
    transitions.apply_report(attempt, report)
    # Hours of failures with an old link say nothing of the new one.
    if not was_new:
        File.objects.filter(pk=file.pk).update(tries=1)
    file.refresh_from_db(fields=["url", "seen_at", "expires_at", "tries"])
    return True


def _ask_for_tree(file: File, folder: Path, error_text: str) -> None:
    """Queue the reading of the film's tree, which holds the new links of its records.

    A file is lost when its link stays dead although the tree was read since then.
    """
    if file.task.credential.removed_at:
        return _mark_lost(file, folder, f"{KEY_REMOVED}; {error_text}")
    read_at = Film.objects.values_list("read_at", flat=True).get(task=file.task)
    is_gone = read_at is not None and read_at > file.seen_at
    was_new = clock.now() - file.seen_at <= NEW_LINK
    if file.tries >= (MOST_DEAD if is_gone else MOST_TRIES) and (is_gone or was_new):
        return _mark_lost(file, folder, error_text)
    if not (is_gone or was_new):
        File.objects.filter(pk=file.pk).update(tries=1)
    transitions.schedule_tree(file.task)
    return _later(file, error_text, max(SHORT_WAIT, _wait(file)))


def _later(file: File, error_text: str, wait: timedelta) -> None:
    """Let the file be tried again after ``wait``; "" as error: a slice of a large file has come."""
    tries = F("tries") if error_text else F("tries") - 1
    with transaction.atomic():
        transitions.touch(file.task)
        File.objects.filter(pk=file.pk, state=FileState.FETCHING).update(
            last_error=error_text[:200],
            tries=tries,
            lease_until=None,
            not_before=clock.now() + wait,
        )
        # A job cannot be queued for later: the poller queues it when its time has come.
        queue.enqueue("fetch" if not wait else "poll", file.pk)


def _wait_for_room(file: File, folder: Path) -> None:
    """Let the file wait for room on the disk. Its partial bytes go, and it counts as no try."""
    discard(folder / "body")
    with transaction.atomic():
        transitions.touch(file.task)
        File.objects.filter(pk=file.pk, state=FileState.FETCHING).update(
            last_error=NO_ROOM,
            tries=F("tries") - 1,
            received=0,
            lease_until=None,
            not_before=clock.now() + ROOM_WAIT,
        )
        queue.enqueue("poll", file.pk)


def _mark_lost(file: File, folder: Path, error_text: str) -> None:
    log.error("file lost", file=file.pk, task=file.task_id, error_text=error_text)
    with transaction.atomic():
        transitions.touch(file.task)
        if File.objects.filter(pk=file.pk, state=FileState.FETCHING).update(
            state=FileState.LOST, last_error=error_text[:200], lease_until=None
        ):
            events.record(file.team_id, EventKind.FILE_LOST, file.pk, error=error_text[:200])
    shutil.rmtree(folder, ignore_errors=True)


def _wait(file: File) -> timedelta:
    """Return how long to wait: nothing before the first new link, then ever longer."""
    return min(timedelta(seconds=2.0 ** min(file.tries - 1, 10) - 1), MOST_WAIT)
