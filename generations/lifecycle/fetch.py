"""Fetch results before their links die, the most urgent first.

A file is called stored only when it came whole, was hashed and was inspected. Loss is proved by
time: a file is lost only once the life of its link is over, and its provider was asked again for
minutes without giving a link that works.
"""

import errno
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from generations import clock, crash
from generations.media import HEAD_BYTES, Facts, MediaProblem, NotMedia, inspect, is_media
from generations.models import Attempt, File, Film, Lease
from generations.models.files import FileQuerySet, FileRole, FileState
from generations.models.leases import idle
from generations.models.tasks import AttemptState
from generations.net.download import (
    DownloadedFile,
    DownloadError,
    DownloadFailed,
    DownloadPaused,
    DownloadTooLarge,
    LinkGone,
    discard,
    download,
)
from generations.net.links import link_client
from generations.providers.contract import MAIN_ROLES, ProviderError, Refused
from generations.storage import results, store
from generations.teams import credentials, ordering_stops, provider_access
from generations.teams.provider_access import connect

from . import queue, transitions

log = structlog.get_logger(__name__)

# A download renews it each second. The inspection cannot, and so must end before it.
LEASE = timedelta(seconds=60)
# The two together stay below a job's time limit (JOB_SECONDS).
SLICE_SECONDS = 100.0  # of one job; the rest of a large file is the next job's
INSPECT_SECONDS = 50.0
PROBE_SECONDS = 20.0
MOST_BYTES = 20 * 1024**3
SHORT_WAIT = timedelta(seconds=5)
MOST_WAIT = timedelta(minutes=5)
LAST_TRY = timedelta(seconds=5)  # before the end of a link, however long the wait would be
# The least time in which a provider is asked in vain, before anything is proved.
PATIENCE = timedelta(minutes=10)
NEW_LINK = 3 * MOST_WAIT  # after a link that served longer, the waits between tries begin anew
MOST_CRASHES = 3  # of the inspector, until bytes are kept as they came
# A provider may still be writing a file, or show a picture in its place, until it is kept as it is.
UPLOAD_TIME = timedelta(minutes=2)
MOST_FAILURES = 5  # of a server, until its provider is asked for another link before each try
NO_ROOM = "no_room"  # ``last_error`` of a file that waits for room on the disk
KEY_REMOVED = "nobody can ask for another link, its key was removed"
ROOM_WAIT = timedelta(minutes=1)
FILM_ROLES = {FileRole.VIDEO, FileRole.WATERMARKED}
DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
FACT_FIELDS = (
    *("name", "size", "sha256", "content_type", "poster", "preview", "proxy", "placeholder"),
    *("duration_ms", "width", "height", "fps", "codec", "has_sound", "plays_in_browsers"),
    "worked_for",
)


@dataclass(frozen=True, slots=True)
class Renewal:
    """What became of the question for a new link.

    ``refusal``: what the provider said instead; where it has answered, that it has no link at all.
    """

    is_answered: bool = False
    refusal: str = ""


NOT_ASKED = Renewal()


def fetch(file_id: int) -> None:
    """Fetch the most urgent file that is due, which need not be the one that was queued."""
    file = _claim()
    if file is None:
        return
    folder = settings.PARTIAL_DIR / str(file.pk)
    # The lease in the row can run out while its worker is only stopped, so it alone would let two
    # write into one folder. The lock of the folder is held as long as that process lives.
    try:
        with results.lock(folder) as is_locked:
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


def _fetch(file: File, folder: Path) -> None:
    """Download, inspect and store one file, or write down what came in between."""
    if results.is_stored(file):
        return _finish(file, folder)
    if ordering_stops.is_fetching_stopped():
        return _wait_for_room(file, folder)
    renewal = _ask_for_link(file) if _needs_new_link(file) else NOT_ASKED
    if not renewal.is_answered and _is_dead(file):  # to try it would prove nothing
        return _wait_for_answer(file, renewal)
    body = folder / "body"
    try:
        got = _download(file, body)
        crash.point("fetch.downloaded")
        facts = inspect(body, folder, timeout=INSPECT_SECONDS)
    except DownloadPaused:  # a slice came in full, which is no failed try
        return transitions.postpone_fetch(file, timedelta(0), is_counted=False)
    except LinkGone as error:
        if error.is_expired is not False:  # it never led to anything
            transitions.record_dead_link(file, is_told=bool(error.is_expired))
        return _miss(file, folder, _text(error), renewal)
    except NotMedia as error:
        discard(body)  # or the next try would continue these bytes
        return _miss(file, folder, f"not a file: {error}", renewal)
    except DownloadFailed as error:
        if renewal.is_answered and renewal.refusal:  # nobody will ever give another link
            return _miss(file, folder, _text(error), renewal)
        return _try_later(file, folder, error)
    except DownloadTooLarge as error:
        return _miss(file, folder, _text(error), renewal, least_wait=MOST_WAIT)
    except DownloadError as error:
        return _miss(file, folder, _text(error), renewal)
    except OSError as error:
        return _try_later(file, folder, error)
    problem = facts.problem or _other_kind(file, facts)
    if problem and ordering_stops.is_fetching_stopped():
        return _wait_for_room(file, folder)  # perhaps only its pictures found no room
    if problem and _may_come_better(file, problem):
        discard(body)
        return _miss(file, folder, f"not readable: {problem}", renewal, may_be_lost=False)
    _store(file, folder, got, facts)
    return _finish(file, folder, str(facts.problem or ""))  # another kind is told as not delivered


def _text(error: DownloadError) -> str:
    return f"{error} {error.excerpt}".strip()


def _other_kind(file: File, facts: Facts) -> MediaProblem | None:
    """What is wrong with a picture or a sound in the place of an ordered film."""
    task = file.task
    is_film = MAIN_ROLES.get(task.kind, FileRole.VIDEO) == FileRole.VIDEO and not task.is_imported
    if not is_film or transitions.is_of_tree(file) or facts.media_type in {"video", None}:
        return None
    return MediaProblem.NO_FILM if file.role in FILM_ROLES else None


def _may_come_better(file: File, problem: MediaProblem) -> bool:
    """Whether bytes that cannot be read may be others at the next try: paid bytes are kept.

    Also where the link would be dead by then: what is here is more than what may come.
    """
    now = clock.now()
    if transitions.link_end(file) <= now + max(_wait(file), SHORT_WAIT):
        return False
    if problem is MediaProblem.CRASHED:
        return file.tries < MOST_CRASHES
    return file.missing_since is None or now - file.missing_since < UPLOAD_TIME


# ---- The link -------------------------------------------------------------------------------


def _needs_new_link(file: File) -> bool:
    """Whether the provider is asked before the next try: the last link led to nothing, or is old,
    or its server fails again and again.

    A link that was given just now is tried whatever it says, because the two clocks may differ.
    """
    if file.missing_since is not None or file.tries > MOST_FAILURES:
        return True
    now = clock.now()
    is_old = file.expires_at is not None and file.expires_at <= now
    return is_old and now - file.seen_at > SHORT_WAIT


def _is_dead(file: File) -> bool:
    """Whether the life of the link is over for certain.

    That of a tree's record is tried all the same: another job reads the tree, perhaps later.
    """
    now = clock.now()
    is_over = transitions.link_end(file) <= now and now - file.seen_at > SHORT_WAIT
    return is_over and not transitions.is_of_tree(file)


def _ask_for_link(file: File) -> Renewal:
    """Ask the provider for the task again and save its links."""
    if file.task.credential.removed_at:
        return Renewal(is_answered=True, refusal=KEY_REMOVED)
    if transitions.is_of_tree(file):
        return _ask_for_tree(file)
    if not provider_access.take_requests(file.task.credential_id, 1):
        return NOT_ASKED
    attempt = (
        Attempt.objects.select_related("task__team", "credential__team")
        .filter(task=file.task, state=AttemptState.ACCEPTED)
        .latest("ordinal")
    )
    before, served = file.url, clock.now() - file.seen_at
    try:
        with connect(attempt.credential) as connection:
            wanted = transitions.wanted_roles(attempt.task)
            report = connection.check(attempt.remote_id, wanted=wanted)
    except ProviderError as error:
        return Renewal(is_answered=isinstance(error, Refused), refusal=f"the provider: {error}")
    transitions.apply_report(attempt, report)
    file.refresh_from_db(fields=["state", "url", "seen_at", "expires_at", "tries"])
    if file.url != before and served > NEW_LINK:
        # Hours of failures with an old link say nothing of the new one.
        File.objects.filter(pk=file.pk).update(tries=1)
        file.tries = 1
    return Renewal(is_answered=True)


def _ask_for_tree(file: File) -> Renewal:
    """Let the film's tree be read, which holds the new links of its records.

    Another job reads it: it has answered where it was read since the last answer.
    """
    transitions.schedule_tree(file.task)
    read_at = Film.objects.values_list("read_at", flat=True).get(task=file.task)
    last = file.asked_at or file.missing_since
    return Renewal(is_answered=bool(read_at and last and read_at > last))


def _miss(
    file: File,
    folder: Path,
    error_text: str,
    renewal: Renewal,
    *,
    least_wait: timedelta = timedelta(0),
    may_be_lost: bool = True,
) -> None:
    """Write down that a link leads to nothing yet. The file is lost once time has proved it.

    That is: for the life of a link its links led to nothing, or the life of this very one is over;
    and the provider was asked again and again meanwhile. While nobody looked, nothing was proved.
    """
    now = clock.now()
    since, asked_at = file.missing_since, file.asked_at
    if since is None or (file.not_before and now - file.not_before > PATIENCE):
        since, asked_at = now, None
    if renewal.refusal:
        error_text = f"{renewal.refusal}; {error_text}"
    if renewal.is_answered:
        asked_at = asked_at or now
    end = transitions.link_end(file)
    is_over = now >= end or now - since >= end - file.seen_at
    is_proved = is_over and asked_at is not None and now - asked_at >= PATIENCE
    if is_proved and renewal.is_answered and may_be_lost:
        transitions.mark_lost(file, error_text)
        return shutil.rmtree(folder, ignore_errors=True)
    wait = max(_wait(file), least_wait)
    return transitions.postpone_fetch(
        file, wait, error_text, missing_since=since, asked_at=asked_at
    )


def _try_later(file: File, folder: Path, error: Exception) -> None:
    """Let a file wait whose server, or whose disk, failed: that says nothing of its link."""
    if getattr(error, "errno", None) in DISK_FULL or ordering_stops.is_fetching_stopped():
        return _wait_for_room(file, folder)
    text = _text(error) if isinstance(error, DownloadError) else str(error)
    return transitions.postpone_fetch(file, _wait(file), text)


def _wait_for_answer(file: File, renewal: Renewal) -> None:
    """Let a file with a dead link wait until its provider can be asked."""
    if renewal == NOT_ASKED:  # no request is left in this minute
        return transitions.postpone_fetch(file, SHORT_WAIT, file.last_error, is_counted=False)
    return transitions.postpone_fetch(file, _wait(file), renewal.refusal)


def _wait_for_room(file: File, folder: Path) -> None:
    """Let the file wait for room on the disk. Its partial bytes go, and it counts as no try."""
    discard(folder / "body")
    transitions.postpone_fetch(file, ROOM_WAIT, NO_ROOM, is_counted=False, received=0)


def _wait(file: File) -> timedelta:
    """Return how long to wait: nothing after the first try, then ever longer.

    Never so long that the end of a living link would pass untried.
    """
    wait = min(timedelta(seconds=2.0 ** min(file.tries - 1, 10) - 1), MOST_WAIT)
    left = transitions.link_end(file) - clock.now()
    return min(wait, left - LAST_TRY) if left > LAST_TRY else wait


# ---- The bytes ------------------------------------------------------------------------------


def _download(file: File, body: Path) -> DownloadedFile:
    got = download(
        file.url,
        body,
        provider_access.policy(),
        limit_bytes=MOST_BYTES,
        deadline=SLICE_SECONDS,
        on_progress=_progress(file),
    )
    age = clock.now() - file.seen_at
    file.worked_for = max(0, int(age.total_seconds()))
    credentials.lengthen_link_life(file.task.credential, age)
    return got


def _progress(file: File) -> Callable[[int, int | None], None]:
    """Return a callback that renews the lease and shows how much has come."""

    def show(received: int, total: int | None) -> None:
        transitions.record_progress(file, received, total, clock.now() + LEASE)

    return show


def _store(file: File, folder: Path, got: DownloadedFile, facts: Facts) -> None:
    """Write down what the file is, then move it into the storage.

    In this order a crash between the two is found out by ``results.is_stored``.
    """
    stem, before = f"{file.team_id}/{file.task_id}/{file.pk}", file.name
    if file.sha256 != got.sha256:
        file.proxy = ""  # of other bytes, which were here before
    file.name, file.size, file.sha256 = f"{stem}.{facts.suffix}", got.size, got.sha256
    file.content_type, file.codec = facts.content_type, facts.codec[:40]
    file.duration_ms, file.has_sound, file.fps = facts.duration_ms, facts.has_audio, facts.fps
    file.width, file.height = facts.width, facts.height
    file.plays_in_browsers, file.placeholder = facts.plays_in_browsers, facts.placeholder
    for made in ("poster.webp", "preview.mp4"):
        if (folder / made).exists():
            setattr(file, made.partition(".")[0], f"{stem}.{made}")
            store.move_in(folder / made, f"{stem}.{made}")
    file.save(update_fields=FACT_FIELDS)
    crash.point("fetch.written")
    if not results.share_bytes(file):
        store.move_in(folder / "body", file.name)
    crash.point("fetch.kept")
    if before not in {"", file.name}:
        store.delete(before)  # damaged bytes that were taken for another type


def _finish(file: File, folder: Path, problem: str = "") -> None:
    # The folder first: nobody would come back to that of a stored file.
    shutil.rmtree(folder, ignore_errors=True)
    transitions.mark_stored(file, problem)


# ---- Lost files -----------------------------------------------------------------------------


def ask_for_lost(file_id: int) -> None:
    """Ask again for a lost file that is due: its link may work again, or its provider has another.

    Quietly: where nothing has changed, nobody is told.
    """
    file = File.objects.select_related("task__team", "task__credential__team").get(pk=file_id)
    if file.not_before is None or file.not_before > clock.now():
        return
    if not transitions.mark_asked_for(file):
        return  # another worker asks, or it was found meanwhile
    tries, renewal = file.tries, _ask_for_link(file)
    if not (renewal.is_answered or transitions.is_of_tree(file)):
        soon = clock.now() + MOST_WAIT
        File.objects.filter(pk=file.pk, state=FileState.LOST).update(tries=tries, not_before=soon)
    file.refresh_from_db(fields=["state", "url"])
    if file.state == FileState.LOST and _is_served(file.url):
        transitions.mark_found(file)


def _is_served(url: str) -> bool:
    """Whether a link leads to a file, by the beginning of the answer: a page is none."""
    try:
        with (
            link_client(provider_access.policy(), seconds=PROBE_SECONDS) as client,
            client.get(url, {}) as reply,
        ):
            return reply.status in {200, 203, 206} and is_media(reply.read(HEAD_BYTES))
    except DownloadError:
        return False
