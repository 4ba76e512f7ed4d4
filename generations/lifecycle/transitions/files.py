"""Transitions of files: links that a report or a film's tree names, and links about to die."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import count

import structlog
from django.db import transaction
from django.db.models import F

from generations import clock
from generations.lifecycle import queue
from generations.models import Attempt, File, Film, Task, Team, audit, events
from generations.models.events import EventKind
from generations.models.files import FileState
from generations.models.films import FILM, PARTS, SOUND_KINDS
from generations.models.tasks import TaskState
from generations.providers.contract import Result
from generations.providers.wire.replies import read_expiry
from generations.teams import credentials

log = structlog.get_logger(__name__)

# Ordinals of a film's files from its tree; those of its own report stand below. A file of the tree
# has the id of a record, because the record has no task of its own here.
FIRST_OF_TREE = 1000
WANTED = {FileState.REMOTE, FileState.FETCHING, FileState.LOST}


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
            # Asked of the row as it is now: a worker may store the file while we are here.
            File.objects.filter(pk=row.pk).exclude(state=FileState.STORED).update(**link)
        if row.state != FileState.STORED:
            queue.enqueue("fetch", row.pk)


def _role_of(task: Task, result: Result) -> str:
    """Return the role of a result's file: narration and music come under the member of a video."""
    return "audio" if task.kind in SOUND_KINDS and result.role == "video" else result.role


def _link_fields(attempt: Attempt, url: str) -> dict[str, str | datetime]:
    """Return the fields of a link: it dies when its address says, or when links of its key were
    seen to die, or when the provider says: whichever is sooner."""
    now = clock.now()
    dies = now + credentials.link_life(attempt.credential)
    in_address = read_expiry(url)
    if in_address is not None:
        dies = min(dies, datetime.fromtimestamp(in_address, UTC))
    return {"url": url, "seen_at": now, "expires_at": dies}


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


def shorten_link_lives(file: File) -> None:
    """Expect the other links of a key to live no longer than this one, which died early."""
    key = file.task.credential
    if file.expires_at is None or clock.now() >= file.expires_at:
        return
    age = clock.now() - file.seen_at
    if not credentials.shorten_link_life(key, age):
        return
    log.warning("link died early", file=file.pk, seconds=age.total_seconds())
    with transaction.atomic():
        Team.next_sequence(file.team_id)
        # Those that wait move forward in the order of fetching, which is by the time left.
        others = File.objects.unfetched().filter(task__credential=key)
        others.filter(expires_at__gt=F("seen_at") + age).update(expires_at=F("seen_at") + age)


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
        elif file.state in WANTED:
            File.objects.filter(pk=file.pk).update(not_before=None, **link)
            queue.enqueue("fetch", file.pk)
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
