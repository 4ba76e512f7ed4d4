"""Ask for a film's tree, and when to ask again: one question for all of its parts."""

from datetime import datetime, timedelta

import structlog
from django.db import transaction

from generations import clock
from generations.lifecycle import queue, transitions
from generations.models import Attempt, Composition, File, Film, Ingredient, Take, Team
from generations.models.files import FilePart
from generations.models.tasks import AttemptState, TaskState
from generations.net.client import client
from generations.net.drive import drive
from generations.providers import provider
from generations.providers.catalogue import catalogue
from generations.providers.contract import FilmReport, ProviderError, Refused, Unauthorised
from generations.teams import credentials

from .records import sound
from .tree import take_in

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=60)  # more than a question can take
LONGEST_WAIT = timedelta(minutes=5)
LONGEST_HOPE = timedelta(hours=48)  # for a record that never ends
HICCUPS = 3  # fewer refusals than this mean nothing
MOST_MISSES = 30


def read(film_id: int) -> None:
    """Read the tree of a film that is due; whoever comes second has nothing to do."""
    asked_at = clock.now()
    due = Film.objects.idle(asked_at).filter(pk=film_id)
    if not due.update(lease_until=asked_at + LEASE):
        return
    film = Film.objects.select_related("team", "task__credential__team").get(pk=film_id)
    adopt(film)
    attempt = _attempt(film)
    if attempt is None:
        _give_back(film, asked_at, None)
    elif not credentials.take_requests(attempt.credential_id, 1):
        _give_back(film, asked_at, asked_at + transitions.SHORT_WAIT)
    else:
        _give_back(film, asked_at, _read(film, attempt))


def look_again(film: Film) -> None:
    """A person wants to see what the tree holds now."""
    transitions.tree_due(film.task)


def _attempt(film: Film) -> Attempt | None:
    """The order that became the film, once it is finished and while its key is there."""
    if film.task.state != TaskState.SUCCEEDED or film.task.credential.removed_at:
        return None
    taken = film.task.attempts.select_related("task__team", "credential__team")
    return taken.filter(state=AttemptState.ACCEPTED).order_by("-ordinal").first()


def _read(film: Film, attempt: Attempt) -> datetime | None:
    """When to read again, None for not before something happens."""
    try:
        report = _ask(attempt)
    except ProviderError as error:
        return _not_read(film, attempt, error)
    if take_in(film, attempt, report):
        return _following(film)
    return None


def _ask(attempt: Attempt) -> FilmReport:
    adapter = provider(attempt.credential.kind)
    with client(credentials.policy()) as http:
        return drive(adapter.film(credentials.access(attempt.credential), attempt.number), http)


def _following(film: Film) -> datetime | None:
    """Ever more seldom while a part is under way that no task of ours looks after."""
    now = clock.now()
    age = now - (film.task.finished_at or now)
    every = timedelta(seconds=catalogue(film.task.credential.kind).polling.every)
    if age > LONGEST_HOPE:
        return None
    return now + min(max(every, age / 20), LONGEST_WAIT)


def _not_read(film: Film, attempt: Attempt, error: ProviderError) -> datetime | None:
    """A refusal or two is a provider's hiccup; one that lasts is told, and at last believed."""
    log.warning("tree not read", film=film.pk, code=error.code)
    if isinstance(error, Unauthorised):
        credentials.pause(attempt.credential, error.code)
    film.misses += 1
    is_refused = isinstance(error, Refused)
    film.save(update_fields=["misses"])
    if is_refused and film.misses == HICCUPS:
        _tell(film, error)
    if is_refused and film.misses >= MOST_MISSES:
        return None
    return clock.now() + transitions.backoff(film.misses, error.retry_after)


@transaction.atomic
def _tell(film: Film, error: ProviderError) -> None:
    film.version = Team.next_sequence(film.team_id)
    sound(film, "not_read", error.code)
    film.save(update_fields=["alarm", "version"])


def _give_back(film: Film, asked_at: datetime, following: datetime | None) -> None:
    """Whoever wanted the tree while it was read is served by the next reading."""
    rows = Film.objects.filter(pk=film.pk)
    rows.filter(due_at__lte=asked_at).update(due_at=following)
    rows.update(lease_until=None)
    if Film.objects.due(clock.now()).filter(pk=film.pk).exists():
        queue.ring("film", film.pk)
    elif following:
        queue.wake_watch()


type Part = Take | Composition

MADE = (FilePart.VIDEO, FilePart.AUDIO)


@transaction.atomic
def adopt(film: Film) -> None:
    """Give every ordered part the number that the provider gave it, and its own file."""
    version = Team.next_sequence(film.team_id)
    changed = False
    for rows in (Take.objects, Composition.objects):
        ordered = rows.filter(film=film, task__isnull=False).select_related("task")
        for part in ordered.filter(number=""):
            changed |= _number(part)
        for part in ordered.filter(file=None, task__state=TaskState.SUCCEEDED):
            changed |= _give_file(part)
    if changed:
        Film.objects.filter(pk=film.pk).update(version=version)


def _number(part: Part) -> bool:
    numbers = Attempt.objects.filter(task=part.task).exclude(number="")
    number = numbers.order_by("-ordinal").values_list("number", flat=True).first()
    if number is None:
        return False
    rows = type(part).objects.filter(film=part.film_id)
    if twin := rows.filter(number=number).first():
        _join(part, twin)
    else:
        rows.filter(pk=part.pk).update(number=number)
    return True


def _join(part: Part, twin: Part) -> None:
    """The tree showed our own record while its order was unclear: who chose it chose ours."""
    task = part.task
    if isinstance(part, Composition):
        ours = Ingredient.objects.filter(composition=part)
        if Ingredient.objects.filter(composition=twin.pk).exists():
            ours.delete()
        ours.update(composition=twin.pk)
    part.delete()
    type(twin).objects.filter(pk=twin.pk).update(task=task)


def _give_file(part: Part) -> bool:
    made = File.objects.filter(task=part.task, part__in=MADE).order_by("ordinal").first()
    return bool(made and type(part).objects.filter(pk=part.pk).update(file=made))
