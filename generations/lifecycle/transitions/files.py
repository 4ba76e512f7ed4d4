"""Transitions of files: their links, what became of a try to fetch them, and links about to die."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count

import structlog
from django.db import transaction
from django.db.models import F, QuerySet

from generations import clock
from generations.lifecycle import queue
from generations.models import Attempt, File, Film, Task, Team, audit, events
from generations.models.events import EventKind
from generations.models.files import FileState
from generations.models.films import FILM, PARTS
from generations.models.tasks import TaskState
from generations.providers.contract import MAIN_ROLES, Result
from generations.providers.wire.links import read_expiry
from generations.teams import credentials

from .alarms import FILE_DAMAGED, raise_alarm
from .delivery import compare_delivery
from .move import touch

log = structlog.get_logger(__name__)

# Ordinals of a film's files from its tree; those of its own report stand below. A file of the tree
# has the id of a record, because the record has no task of its own here.
FIRST_OF_TREE = 1000
UNFETCHED = {FileState.REMOTE, FileState.FETCHING}
# No link is believed to live longer, whatever its address says.
LONGEST_LIFE = timedelta(days=15)
HICCUP = timedelta(minutes=10)  # deaths of links within this time may have one cause
MOST_DEATHS_READ = 200
# A file that is fetched from the start.
FRESH = {"tries": 0, "not_before": None, "missing_since": None, "asked_at": None, "last_error": ""}
# How often a provider is asked for a lost file: after ten minutes, an hour, then daily.
PAUSES_OF_LOST = (timedelta(minutes=10), timedelta(hours=1), timedelta(days=1))


# ---- Links ----------------------------------------------------------------------------------


def save_links(attempt: Attempt, results: Sequence[Result]) -> None:
    """Save the newest link of each result that is not stored yet."""
    ordinals: dict[str, count[int]] = {}
    for result in results:
        role = _role_of(attempt.task, result)
        ordinal = next(ordinals.setdefault(role, count()))
        link = _link_fields(attempt, result.url)
        row, made = File.objects.get_or_create(
            task=attempt.task,
            role=role,
            ordinal=ordinal,
            defaults={"team_id": attempt.task.team_id, "remote_id": result.remote_id, **link},
        )
        if not made:
            _save_link(row, link)
        if row.state in UNFETCHED:
            queue.enqueue("fetch", row.pk)


def _save_link(file: File, link: Mapping[str, object]) -> None:
    """Save a link that differs from the known one; a lost file is fetched again by it.

    The same link again is no younger for it.
    """
    if file.state == FileState.LOST and file.url != link["url"]:
        mark_found(file, link)
    # Asked of the row as it is now: a worker may store the file while we are here.
    unfetched = File.objects.filter(pk=file.pk, state__in=UNFETCHED)
    if unfetched.exclude(url=link["url"]).update(**link):
        # At once, unless its last links led to nothing: then its waits grow all the same.
        unfetched.filter(missing_since=None).update(not_before=None)


def _role_of(task: Task, result: Result) -> str:
    """Return the role of a result's file: a picture or a sound comes where clips have a video."""
    return MAIN_ROLES.get(task.kind, result.role) if result.role == "video" else result.role


def _link_fields(attempt: Attempt, url: str) -> dict[str, str | datetime]:
    """Return the fields of a link: it dies when its address says, or when links of its key were
    seen to die, or when the provider says: whichever is sooner."""
    now = clock.now()
    dies = now + credentials.link_life(attempt.credential)
    in_address = _end_in_address(url, now=now.timestamp())
    return {"url": url, "seen_at": now, "expires_at": min(dies, in_address or dies)}


def _end_in_address(url: str, *, now: float | None = None) -> datetime | None:
    """Return when a link dies by its own address; None where that does not tell.

    With ``now`` also by what is perhaps no end: soon enough to hurry, and no proof.
    """
    try:
        end = read_expiry(url, now=now)
        return None if end is None else datetime.fromtimestamp(end, UTC)
    except (OverflowError, ValueError, OSError):
        return None  # no year that a calendar has


def link_end(file: File) -> datetime:
    """Return when the life of a file's link is over for certain.

    By its address, else by the provider's contract: never by what was learned. An end before it was
    first seen proves no more than that two clocks differ.
    """
    end = _end_in_address(file.url)
    if end is None or end <= file.seen_at:
        end = file.seen_at + credentials.promised_link_life(file.task.credential)
    return min(end, file.seen_at + LONGEST_LIFE)


@transaction.atomic
def warn_at_risk(team: Team, files: Collection[File]) -> None:
    """Warn a team once that half of the life of these files' links is over."""
    Team.next_sequence(team.pk)
    new = File.objects.filter(pk__in=[file.pk for file in files], warned_at=None)
    warned = new.update(warned_at=clock.now())
    if warned:
        first = min(file.expires_at for file in files if file.expires_at)
        log.warning("files at risk", team=team.pk, files=warned, first=first.isoformat())
        audit.record(team, None, "files.at_risk", team, files=warned, first=first.isoformat())
        events.record(team, EventKind.FILES_AT_RISK, team.pk, files=warned, first=first.isoformat())


def record_dead_link(file: File, *, is_told: bool) -> None:
    """Write down how old a link was that is dead, and learn from it for the others of its key.

    ``is_told``: its server says that it has expired. Where none does, a store that refuses all
    links for some minutes is one witness, however many clips it has.
    """
    now = clock.now()
    if file.expires_at is None or now >= file.expires_at:
        return  # as was expected
    if not is_told and _is_one_hiccup(file, now):
        return
    age = now - file.seen_at
    File.objects.filter(pk=file.pk).update(died_after=max(0, int(age.total_seconds())))
    key = file.task.credential
    life = credentials.shorten_link_life(key)
    if life is None:
        return
    log.warning("links die early", credential=key.pk, seconds=life.total_seconds())
    with transaction.atomic():
        Team.next_sequence(file.team_id)
        # Those that wait move forward in the order of fetching, which is by the time left.
        others = File.objects.unfetched().filter(task__credential=key)
        others.filter(expires_at__gt=F("seen_at") + life).update(expires_at=F("seen_at") + life)


def _is_one_hiccup(file: File, now: datetime) -> bool:
    """Whether links of other clips of its key have died just now, by the time of their death."""
    others = File.objects.filter(
        task__credential=file.task.credential_id,
        died_after__isnull=False,
        created_at__gt=now - LONGEST_LIFE,
    ).exclude(task=file.task_id)
    deaths = others.order_by("-pk").values_list("created_at", "died_after")[:MOST_DEATHS_READ]
    return any(
        abs(now - created_at - timedelta(seconds=died_after or 0)) < HICCUP
        for created_at, died_after in deaths
    )


# ---- What became of a try -------------------------------------------------------------------


def record_progress(file: File, received: int, size: int | None, lease_until: datetime) -> None:
    """Show how much of a file has come, and renew the lease."""
    with transaction.atomic():
        touch(file.task)
        _fetching(file).update(received=received, size=size, lease_until=lease_until)


def postpone_fetch(
    file: File, wait: timedelta, error_text: str = "", *, is_counted: bool = True, **fields: object
) -> None:
    """Let a file be tried again after ``wait``. What failed for no fault of its link is not counted
    as a try."""
    tries = F("tries") if is_counted else F("tries") - 1
    with transaction.atomic():
        touch(file.task)
        _fetching(file).update(
            last_error=error_text[:200],
            tries=tries,
            lease_until=None,
            not_before=clock.now() + wait,
            **fields,
        )
        # A job cannot be queued for later: the poller queues it when its time has come.
        queue.enqueue("poll" if wait else "fetch", file.pk)


def mark_stored(file: File, problem: str = "") -> None:
    """Write that the bytes of a file are in the storage; let its copy for browsers be made.

    ``problem``: what is wrong with bytes that are kept as they came (``media.MediaProblem``).
    """
    needs_proxy = _needs_proxy(file)
    with transaction.atomic():
        touch(file.task)
        if not _fetching(file).update(
            state=FileState.STORED,
            stored_at=clock.now(),
            received=F("size"),
            lease_until=None,
            last_error="",
            missing_since=None,
            asked_at=None,
            tries=0,
            not_before=clock.now() if needs_proxy else None,
        ):
            return
        events.record(file.team_id, EventKind.FILE_STORED, file.pk)
        compare_delivery(file.task)
        if problem:
            raise_alarm(file.task, FILE_DAMAGED, f"{file.role} {problem}")
        if needs_proxy:
            queue.enqueue("proxy", file.pk)


def _needs_proxy(file: File) -> bool:
    # Not by its being called a video: an MXF or a NUT has another type, and is one.
    return file.plays_in_browsers is False and not (file.is_picture or file.proxy)


def save_proxy(file: File, name: str) -> bool:
    """Write down the copy for browsers of a stored file. False where the file is gone meanwhile."""
    with transaction.atomic():
        touch(file.task)
        stored = File.objects.filter(pk=file.pk, state=FileState.STORED, sha256=file.sha256)
        return bool(stored.update(proxy=name, not_before=None, tries=0))


def remake_proxy(file: File) -> bool:
    """Let the copy for browsers be made anew, because its bytes are missing or damaged here."""
    with transaction.atomic():
        touch(file.task)
        stored = File.objects.filter(pk=file.pk, state=FileState.STORED)
        made = bool(stored.update(proxy="", not_before=clock.now(), tries=0))
        queue.enqueue("proxy", file.pk)
    return made


def mark_lost(file: File, error_text: str) -> None:
    """Write that a file is lost. The provider is still asked for it (``PAUSES_OF_LOST``)."""
    log.error("file lost", file=file.pk, task=file.task_id, error_text=error_text)
    now = clock.now()
    with transaction.atomic():
        touch(file.task)
        if _fetching(file).update(
            state=FileState.LOST,
            last_error=error_text[:200],
            lease_until=None,
            tries=0,
            asked_at=now,
            not_before=now + PAUSES_OF_LOST[0],
        ):
            events.record(file.team_id, EventKind.FILE_LOST, file.pk, error=error_text[:200])
            compare_delivery(file.task)


def mark_found(file: File, link: Mapping[str, object] | None = None) -> None:
    """Let a lost file be fetched again: by a new link, or by the old one, which works again."""
    with transaction.atomic():
        touch(file.task)
        if File.objects.filter(pk=file.pk, state=FileState.LOST).update(
            state=FileState.REMOTE, **FRESH, **(link or {})
        ):
            events.record(file.team_id, EventKind.FILE_FOUND, file.pk)
            queue.enqueue("fetch", file.pk)


def mark_asked_for(file: File) -> bool:
    """Claim the question for a lost file that is due; set when it is asked for the next time."""
    now = clock.now()
    pause = PAUSES_OF_LOST[min(file.tries + 1, len(PAUSES_OF_LOST) - 1)]
    due = File.objects.filter(pk=file.pk, state=FileState.LOST, not_before=file.not_before)
    return bool(due.update(tries=F("tries") + 1, asked_at=now, not_before=now + pause))


def _fetching(file: File) -> QuerySet[File]:
    return File.objects.filter(pk=file.pk, state=FileState.FETCHING)


# ---- Films ----------------------------------------------------------------------------------


def is_of_tree(file: File) -> bool:
    return file.ordinal >= FIRST_OF_TREE


def save_tree_links(attempt: Attempt, results: Iterable[Result]) -> Mapping[str, File]:
    """Save the newest link of each record that is not stored; return the files by remote id.

    The caller holds the team's sequence: two at once would give one ordinal twice.
    """
    known = attempt.task.files.filter(ordinal__gte=FIRST_OF_TREE)
    rows = {file.remote_id: file for file in known}
    ordinals = count(max((file.ordinal + 1 for file in rows.values()), default=FIRST_OF_TREE))
    for result in results:
        file = rows.get(result.remote_id)
        link = _link_fields(attempt, result.url)
        if file is None:
            rows[result.remote_id] = _create(attempt, result, next(ordinals), link)
        elif file.state in {*UNFETCHED, FileState.LOST}:
            _save_link(file, link)
    return rows


def _create(attempt: Attempt, result: Result, ordinal: int, link: Mapping[str, object]) -> File:
    file: File = File.objects.create(
        task=attempt.task,
        team_id=attempt.task.team_id,
        role=result.role,
        ordinal=ordinal,
        remote_id=result.remote_id,
        **link,
    )
    queue.enqueue("fetch", file.pk)
    return file


def schedule_tree_after(task: Task, final: TaskState) -> None:
    """Queue the tree after a task ended, except of a film that failed: it has none."""
    if task.kind != FILM or final == TaskState.SUCCEEDED:
        schedule_tree(task)


def schedule_tree(task: Task) -> None:
    """Queue the reading of a film's tree, where the task belongs to a film."""
    if task.kind not in {FILM, *PARTS}:
        return
    for film_id in Film.objects.of(task).values_list("pk", flat=True):
        # Also while somebody reads it: a reading that began earlier may have missed the news, and
        # whoever ends it looks whether ``due_at`` has changed.
        Film.objects.filter(pk=film_id).update(due_at=clock.now())
        queue.enqueue("film", film_id)
