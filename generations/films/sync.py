"""Ask for a film's tree, and decide when to ask again: one question for all parts."""

from datetime import datetime, timedelta

import structlog
from django.db import transaction

from generations import clock
from generations.lifecycle import queue, transitions
from generations.models import Attempt, Cut, CutPiece, File, Film, Take, Team
from generations.models.files import FileRole
from generations.models.tasks import AttemptState, TaskState
from generations.providers.catalogue import catalogue
from generations.providers.contract import ProviderError, Refused, Unauthorised
from generations.teams import provider_access
from generations.teams.provider_access import connect

from .tree import Part, apply_tree, raise_alarm

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=60)  # more than a question can take
LONGEST_WAIT = timedelta(minutes=5)
GIVE_UP_AFTER = timedelta(hours=48)  # a record that has not ended by then never does
HICCUPS = 3  # providers refuse now and then; fewer refusals than this mean nothing
MOST_MISSES = 30
MADE = (FileRole.VIDEO, FileRole.AUDIO)


def sync_film(film_id: int) -> None:
    """Read the tree of a film that is due. A second worker finds nothing to do."""
    asked_at = clock.now()
    # ``idle`` and not ``due``: a claim must be one UPDATE of this row, without a join.
    due = Film.objects.idle(asked_at).filter(pk=film_id)
    if not due.update(lease_until=asked_at + LEASE):
        return
    film = Film.objects.select_related("team", "task__credential__team").get(pk=film_id)
    # First our own parts get their ids, so that the tree finds them and makes no second rows.
    assign_remote_ids(film)
    attempt = _attempt(film)
    if attempt is None:
        _release(film, asked_at, None)
    elif not provider_access.take_requests(attempt.credential_id, 1):
        _release(film, asked_at, asked_at + transitions.SHORT_WAIT)
    else:
        _release(film, asked_at, _read(film, attempt))


def sync_soon(film: Film) -> None:
    """Let the tree be read now, because a person wants to see it."""
    transitions.schedule_tree(film.task)


def _attempt(film: Film) -> Attempt | None:
    """Return the order that became the film, once it has finished and while its key is here."""
    if film.task.state != TaskState.SUCCEEDED or film.task.credential.removed_at:
        return None
    taken = film.task.attempts.select_related("task__team", "credential__team")
    return taken.filter(state=AttemptState.ACCEPTED).order_by("-ordinal").first()


def _read(film: Film, attempt: Attempt) -> datetime | None:
    """Read the tree; return when to read it again, None for not before something happens."""
    try:
        with connect(attempt.credential) as connection:
            report = connection.film(attempt.remote_id)
    except ProviderError as error:
        return _record_no_answer(film, attempt, error)
    if apply_tree(film, attempt, report):
        return _following(film)
    return None


def _following(film: Film) -> datetime | None:
    """Return the next reading while a part runs that no task of ours watches: ever later."""
    now = clock.now()
    age = now - (film.task.finished_at or now)
    every = timedelta(seconds=catalogue(film.task.credential.kind).polling.every)
    if age > GIVE_UP_AFTER:
        return None
    return now + min(max(every, age / 20), LONGEST_WAIT)


def _record_no_answer(film: Film, attempt: Attempt, error: ProviderError) -> datetime | None:
    """Count a failed reading; alarm when refusals last, and stop asking in the end."""
    log.warning("tree not read", film=film.pk, code=error.code)
    if isinstance(error, Unauthorised):
        transitions.doubt_credential(attempt.credential, error)
    film.misses += 1
    # Only refusals count against the film: a provider that is down says nothing about its tree.
    is_refused = isinstance(error, Refused)
    film.save(update_fields=["misses"])
    if is_refused and film.misses == HICCUPS:
        _alarm_not_read(film, error)
    if is_refused and film.misses >= MOST_MISSES:
        return None
    return clock.now() + transitions.backoff(film.misses, error.retry_after)


@transaction.atomic
def _alarm_not_read(film: Film, error: ProviderError) -> None:
    film.version = Team.next_sequence(film.team_id)
    raise_alarm(film, "not_read", error.code)
    film.save(update_fields=["alarm", "version"])


def _release(film: Film, asked_at: datetime, following: datetime | None) -> None:
    """End the lease. Who asked for the tree while it was read gets another reading."""
    rows = Film.objects.filter(pk=film.pk)
    # A later ``due_at`` was written while the tree was read, and stays.
    rows.filter(due_at__lte=asked_at).update(due_at=following)
    rows.update(lease_until=None)
    # The job of whoever asked meanwhile found the lease held and did nothing: queue it again.
    if Film.objects.due(clock.now()).filter(pk=film.pk).exists():
        queue.enqueue("film", film.pk)
    elif following:
        queue.wake_poller()


@transaction.atomic
def assign_remote_ids(film: Film) -> None:
    """Give every ordered part the id that its task got, and its file."""
    version = Team.next_sequence(film.team_id)
    changed = False
    for rows in (Take.objects, Cut.objects):
        ordered = rows.filter(film=film, task__isnull=False).select_related("task")
        for part in ordered.filter(remote_id=""):
            changed |= _assign_remote_id(part)
        for part in ordered.filter(file=None, task__state=TaskState.SUCCEEDED):
            changed |= _assign_file(part)
    if changed:
        Film.objects.filter(pk=film.pk).update(version=version)


def _assign_remote_id(part: Part) -> bool:
    known = Attempt.objects.filter(task=part.task).exclude(remote_id="")
    remote_id = known.order_by("-ordinal").values_list("remote_id", flat=True).first()
    if remote_id is None:
        return False
    rows = type(part).objects.filter(film=part.film_id)
    if twin := rows.filter(remote_id=remote_id).first():
        _merge(part, twin)
    else:
        rows.filter(pk=part.pk).update(remote_id=remote_id)
    return True


def _merge(part: Part, twin: Part) -> None:
    """Merge our part into the record that the tree showed while the order was unclear."""
    # Ours goes and the twin stays, because pieces, choices and its file may point to the twin.
    task = part.task
    if isinstance(part, Cut):
        ours = CutPiece.objects.filter(cut=part)
        if CutPiece.objects.filter(cut=twin.pk).exists():
            ours.delete()
        ours.update(cut=twin.pk)
    part.delete()  # before the twin gets the task, which only one row may have
    type(twin).objects.filter(pk=twin.pk).update(task=task)


def _assign_file(part: Part) -> bool:
    made = File.objects.filter(task=part.task, role__in=MADE).order_by("ordinal").first()
    return bool(made and type(part).objects.filter(pk=part.pk).update(file=made))
