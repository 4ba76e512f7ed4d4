"""Bring a result here before its link dies: the most urgent first, whole and proved (design 4).

Only a file that came whole, hashed and looked into is called stored. A link that is dead is asked
for again before anything is called lost.
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
from generations.media import Crashed, Facts, NotMedia, Reason, format_of, inspect
from generations.models import Attempt, File, Film, Lease
from generations.models.files import FilePart, FileQuerySet, FileState
from generations.models.tasks import AttemptState
from generations.net.client import client
from generations.net.download import (
    Broken,
    Download,
    Forbidden,
    Gone,
    Paused,
    TooLarge,
    discard,
    download,
)
from generations.net.drive import drive
from generations.providers import provider
from generations.providers.contract import ProviderError, Refused
from generations.storage import store
from generations.teams import credentials, ordering_stops

from . import queue, transitions

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=60)
SLICE_SECONDS = 100.0  # of one job; the rest of a large file is the next job's
INSPECT_SECONDS = 50.0
MOST_BYTES = 20 * 1024**3
SHORT_WAIT = timedelta(seconds=5)
MOST_WAIT = timedelta(minutes=5)
FRESH = 3 * MOST_WAIT
MOST_TRIES = 12  # with fresh links, each of them dead or not a film
MOST_DEAD = 3  # with the same dead link
MOST_CRASHES = 3
NO_ROOM = "no_room"  # the trouble of a file that waits for room on the disk
KEY_REMOVED = "nobody can ask for another link, its key was removed"
ROOM_WAIT = timedelta(minutes=1)
DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
EXPECTED = {
    FilePart.VIDEO: "video",
    FilePart.WATERMARKED: "video",
    FilePart.COVER: "image",
    FilePart.AUDIO: "audio",
}
FOUND_OUT = (
    *("name", "size", "sha256", "content_type", "poster", "preview", "placeholder"),
    *("duration_ms", "width", "height", "fps", "codec", "has_sound"),
)
SUFFIX = {"video": "mp4", "image": "jpg", "audio": "mp3"}


def mirror(file_id: int) -> None:
    """Fetch one file: the most urgent of those that are due, whichever of them the bell was for."""
    file = _claim()
    if file is None:
        return
    folder = settings.PARTIAL_DIR / str(file.pk)
    try:
        with _alone(folder) as alone:
            if alone and _still_open(file):
                _bring(file, folder)
    except OSError as error:
        if error.errno not in DISK_FULL:
            raise
        _wait_for_room(file, folder)
    if following := _idle(clock.now()).most_urgent_first().first():
        queue.ring("mirror", following.pk)  # its own bell may have found all places taken


def _idle(now: datetime) -> FileQuerySet:
    """Files to be fetched that are due and in nobody's hands."""
    idle = Q(lease_until=None) | Q(lease_until__lte=now)
    due = Q(not_before=None) | Q(not_before__lte=now)
    return File.objects.filter(idle, due, state__in=[FileState.REMOTE, FileState.FETCHING])


def _all_places_are_taken(now: datetime) -> bool:
    """One worker is the watch's and one stays free, so that no order waits behind a slow file."""
    fetching = File.objects.filter(state=FileState.FETCHING, lease_until__gt=now).count()
    return fetching >= max(1, settings.WORKERS - 2)


@transaction.atomic
def _claim() -> File | None:
    Lease.queue_for("mirror")  # who counts the places and takes one must not be overtaken
    now = clock.now()
    if _all_places_are_taken(now):
        return None
    open_ = _idle(now)
    for file in open_.most_urgent_first()[:10]:
        if open_.filter(pk=file.pk).update(
            state=FileState.FETCHING, lease_until=now + LEASE, tries=F("tries") + 1
        ):
            return File.objects.select_related("task__team", "task__credential__team").get(
                pk=file.pk
            )
    return None


def _still_open(file: File) -> bool:
    """Read the row again: a slower worker may have stored the file before it left the folder."""
    file.refresh_from_db()
    return file.state == FileState.FETCHING


@contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Whether this process alone writes in the folder; a dead one's lock is gone with it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def _bring(file: File, folder: Path) -> None:
    if _kept_already(file):
        return _stored(file, folder)
    if ordering_stops.against_fetching():
        return _wait_for_room(file, folder)
    if _has_died(file) and not _renewed(file, folder, "the link has died"):
        return None
    body = folder / "body"
    try:
        got = download(
            file.url,
            body,
            credentials.policy(),
            limit_bytes=MOST_BYTES,
            deadline=SLICE_SECONDS,
            on_progress=_progress(file),
        )
        crash.point("mirror.downloaded")
        credentials.link_lived(file.task.credential, clock.now() - file.seen_at)
        facts = _facts(file, body, folder)
    except Gone as error:
        transitions.link_died(file)
        return _ask_for_link(file, folder, str(error))
    except NotMedia as error:
        if ordering_stops.against_fetching():  # perhaps only its pictures found no room
            return _wait_for_room(file, folder)
        body.unlink(missing_ok=True)
        return _ask_for_link(file, folder, f"not a {EXPECTED[FilePart(file.part)]}: {error}")
    except Paused:
        return _later(file, "", timedelta(0))
    except TooLarge as error:
        return _lost(file, folder, str(error))
    except (Broken, Forbidden, Crashed, OSError) as error:
        if getattr(error, "errno", None) in DISK_FULL or ordering_stops.against_fetching():
            return _wait_for_room(file, folder)
        if file.expires_at and file.expires_at < clock.now():
            return _ask_for_link(file, folder, str(error))
        return _later(file, str(error), _wait(file))
    _keep(file, folder, got, facts)
    return _stored(file, folder)


def _facts(file: File, body: Path, folder: Path) -> Facts | None:
    """What is inside; None where looking kills the child every time: the bytes are kept anyway.

    Unless their beginning tells that they are no film at all; so much is seen without a decoder.
    """
    try:
        facts = inspect(body, folder, timeout=INSPECT_SECONDS)
    except Crashed:
        if file.tries < MOST_CRASHES:
            raise
        format_of(body)
        log.exception("kept without looking inside", file=file.pk)
        return None
    if facts.part != EXPECTED[FilePart(file.part)]:
        raise NotMedia(Reason.UNKNOWN)
    return facts


def _progress(file: File) -> Callable[[int, int | None], None]:
    """Renew the lease and show how far it is."""

    def told(received: int, total: int | None) -> None:
        with transaction.atomic():
            transitions.shown(file.task)
            File.objects.filter(pk=file.pk, state=FileState.FETCHING).update(
                received=received, size=total, lease_until=clock.now() + LEASE
            )

    return told


def _keep(file: File, folder: Path, got: Download, facts: Facts | None) -> None:
    """Write down what it is, then move it to its place: after a crash between, both are found."""
    part = EXPECTED[FilePart(file.part)]
    place = f"{file.team_id}/{file.task_id}/{file.pk}"
    file.name, file.size, file.sha256 = f"{place}.{SUFFIX[part]}", got.size, got.sha256
    file.content_type = {"video": "video/mp4", "image": "image/jpeg", "audio": "audio/mpeg"}[part]
    if facts:
        file.duration_ms, file.has_sound = facts.duration_ms or None, facts.has_audio
        file.width, file.height = facts.width or None, facts.height or None
        file.fps, file.codec = facts.fps or None, facts.codec
        file.placeholder = facts.placeholder
    if (folder / "poster.webp").exists():
        file.poster = f"{place}.poster.webp"
        store.keep(folder / "poster.webp", file.poster)
    if (folder / "preview.mp4").exists():
        file.preview = f"{place}.preview.mp4"
        store.keep(folder / "preview.mp4", file.preview)
    file.save(update_fields=FOUND_OUT)
    crash.point("mirror.written")
    if not _shared(file):
        store.keep(folder / "body", file.name)
    crash.point("mirror.kept")


def _shared(file: File) -> bool:
    """Whether the team has these very bytes already, whole: then the file shares them."""
    twins = File.objects.filter(team=file.team_id, sha256=file.sha256, state=FileState.STORED)
    twin = twins.exclude(pk=file.pk).first()
    try:
        return bool(
            twin
            and store.fingerprint(twin.name) == file.sha256
            and store.share(twin.name, file.name)
        )
    except OSError as error:
        log.info("not shared", file=file.pk, error=str(error))
        return False


def _kept_already(file: File) -> bool:
    """An earlier worker died after the move: the bytes are here, and they are the right ones."""
    if not (file.sha256 and store.exists(file.name)):
        return False
    return store.fingerprint(file.name) == file.sha256


def _stored(file: File, folder: Path) -> None:
    with transaction.atomic():
        transitions.shown(file.task)
        File.objects.filter(pk=file.pk, state=FileState.FETCHING).update(
            state=FileState.STORED,
            stored_at=clock.now(),
            received=F("size"),
            lease_until=None,
            trouble="",
        )
    shutil.rmtree(folder, ignore_errors=True)


def _has_died(file: File) -> bool:
    """Whether the link died while the file waited: it is not worth a try, and proves nothing.

    One that was given just now is tried whatever it says, for the two clocks may differ.
    """
    now = clock.now()
    died = file.expires_at is not None and file.expires_at <= now
    return died and now - file.seen_at > SHORT_WAIT and not transitions.is_of_tree(file)


def _ask_for_link(file: File, folder: Path, trouble: str) -> None:
    """Ask the provider for a fresh link; lost is what is dead again and again though it is fresh.

    A link that grew old while its server could not be reached proves nothing: tries begin anew.
    """
    if transitions.is_of_tree(file):
        return _ask_for_tree(file, folder, trouble)
    before, was_fresh = file.url, clock.now() - file.seen_at <= FRESH
    if not _renewed(file, folder, trouble):
        return None
    proved = was_fresh and _was_so_before(file, trouble)
    if proved and file.tries >= (MOST_TRIES if file.url != before else MOST_DEAD):
        return _lost(file, folder, trouble)
    return _later(file, trouble, _wait(file))


def _was_so_before(file: File, trouble: str) -> bool:
    """Whether the try before ended alike; one whose worker died proves nothing."""
    return file.trouble == trouble[:200]


def _renewed(file: File, folder: Path, trouble: str) -> bool:
    """Whether the provider told its links anew; where not, the file is given back or lost."""
    if file.task.credential.removed_at:
        _lost(file, folder, f"{KEY_REMOVED}; {trouble}")
        return False
    if not credentials.take_requests(file.task.credential_id, 1):
        _later(file, "", SHORT_WAIT)
        return False
    was_fresh = clock.now() - file.seen_at <= FRESH
    attempt = (
        Attempt.objects.select_related("task__team", "credential__team")
        .filter(task=file.task, state=AttemptState.ACCEPTED)
        .latest("ordinal")
    )
    try:
        with client(credentials.policy()) as http:
            access = credentials.access(attempt.credential)
            report = drive(provider(attempt.credential.kind).check(access, attempt.number), http)
    except ProviderError as error:
        trouble = f"the provider: {error}; {trouble}"
        refused = isinstance(error, Refused) and file.trouble.startswith(f"the provider: {error};")
        if refused and file.tries >= MOST_DEAD:  # fewer are a hiccup
            _lost(file, folder, trouble)
        else:
            _later(file, trouble, _wait(file))
        return False
    transitions.reported(attempt, report)
    if not was_fresh:
        File.objects.filter(pk=file.pk).update(tries=1)
    file.refresh_from_db(fields=["url", "seen_at", "expires_at", "tries"])
    return True


def _ask_for_tree(file: File, folder: Path, trouble: str) -> None:
    """A fresh link of a record comes with its film's tree, which is read by a job of its own.

    Lost is what stays dead though the tree was read since, with links or without this record.
    """
    if file.task.credential.removed_at:
        return _lost(file, folder, f"{KEY_REMOVED}; {trouble}")
    read_at = Film.objects.values_list("read_at", flat=True).get(task=file.task)
    is_gone = read_at is not None and read_at > file.seen_at
    was_fresh = clock.now() - file.seen_at <= FRESH
    if file.tries >= (MOST_DEAD if is_gone else MOST_TRIES) and (is_gone or was_fresh):
        return _lost(file, folder, trouble)
    if not (is_gone or was_fresh):
        File.objects.filter(pk=file.pk).update(tries=1)
    transitions.tree_due(file.task)
    return _later(file, trouble, max(SHORT_WAIT, _wait(file)))


def _later(file: File, trouble: str, wait: timedelta) -> None:
    """Give it back for another try; a finished slice of a large file is no trouble."""
    tries = F("tries") if trouble else F("tries") - 1
    with transaction.atomic():
        transitions.shown(file.task)
        File.objects.filter(pk=file.pk, state=FileState.FETCHING).update(
            trouble=trouble[:200],
            tries=tries,
            lease_until=None,
            not_before=clock.now() + wait,
        )
        queue.ring("mirror" if not wait else "watch", file.pk)


def _wait_for_room(file: File, folder: Path) -> None:
    """Nothing of it stays on the disk, which the database needs; it is no try of the file's."""
    discard(folder / "body")
    with transaction.atomic():
        transitions.shown(file.task)
        File.objects.filter(pk=file.pk, state=FileState.FETCHING).update(
            trouble=NO_ROOM,
            tries=F("tries") - 1,
            received=0,
            lease_until=None,
            not_before=clock.now() + ROOM_WAIT,
        )
        queue.ring("watch", file.pk)


def _lost(file: File, folder: Path, trouble: str) -> None:
    log.error("file lost", file=file.pk, task=file.task_id, trouble=trouble)
    with transaction.atomic():
        transitions.shown(file.task)
        File.objects.filter(pk=file.pk, state=FileState.FETCHING).update(
            state=FileState.LOST, trouble=trouble[:200], lease_until=None
        )
    shutil.rmtree(folder, ignore_errors=True)


def _wait(file: File) -> timedelta:
    """None before the first fresh link, then ever longer."""
    return min(timedelta(seconds=2.0 ** min(file.tries - 1, 10) - 1), MOST_WAIT)
