"""Take in what was ordered elsewhere, by the numbers that its provider gave: nothing is sent.

Each number becomes a task that its provider has, as if it had been ordered here; the watch asks
for it, within the key's budget. Nothing is held; what it had cost is booked once it has ended.
"""

import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import IntegrityError, transaction

from generations import audit, clock
from generations.models import Attempt, Credential, Film, Membership, Task, Team
from generations.models.films import FILM
from generations.models.tasks import ADOPTED, AttemptState, TaskState
from generations.providers.catalogue import catalogue
from generations.providers.wire.values import read_identifier

from . import queue

SEPARATORS = re.compile(r"[\s,;，；、]+")
SHARE = 2  # so much of the key's budget is left to what runs: one half


class Outcome(enum.StrEnum):
    TAKEN = "taken"
    KNOWN = "known"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Adoption:
    """What became of one number; ``task``: the one that is made, or that had the number already."""

    number: str
    outcome: Outcome
    task: Task | None = None


def numbers_in(text: str) -> list[str]:
    """The numbers of a text, each once, in its order; between them stands what people type."""
    return list(dict.fromkeys(filter(None, SEPARATORS.split(text))))


def makes_films(credential: Credential) -> bool:
    """Whether the provider of a key makes ad films."""
    return bool(catalogue(credential.kind).models(FILM))


def adopt(
    membership: Membership,
    credential: Credential,
    numbers: Iterable[str],
    *,
    films: bool = False,
) -> list[Adoption]:
    """Take in each number that is not here yet; ``films``: they are whole ad films.

    The credential must be of the membership's team. Twice, or by two at once, takes in once.
    """
    if credential.team_id != membership.team_id or not membership.may_order:
        raise PermissionError("this person may not take in on this credential")
    kind = FILM if films and makes_films(credential) else ADOPTED
    due, adoptions = clock.now(), []
    for number in numbers:
        adoption = _adopt(membership, credential, number, kind, due)
        adoptions.append(adoption)
        if adoption.outcome == Outcome.TAKEN:
            due += _pause(credential)
    queue.wake_watch()
    return adoptions


def _pause(credential: Credential) -> timedelta:
    """Between two questions, so that what runs already is still asked for in time."""
    limit = credential.requests_per_minute
    return timedelta(seconds=60 * SHARE / limit) if limit else timedelta(0)


def _adopt(
    membership: Membership, credential: Credential, number: str, kind: str, due: datetime
) -> Adoption:
    if not read_identifier(number):
        return Adoption(number, Outcome.UNREADABLE)
    if known := _task_of(credential, number):
        return Adoption(number, Outcome.KNOWN, known)
    try:
        return Adoption(number, Outcome.TAKEN, _make(membership, credential, number, kind, due))
    except IntegrityError:  # somebody else took the same one in just now
        return Adoption(number, Outcome.KNOWN, _task_of(credential, number))


def _task_of(credential: Credential, number: str) -> Task | None:
    attempts = Attempt.objects.filter(credential=credential, number=number)
    return Task.objects.filter(attempts__in=attempts).first()


@transaction.atomic
def _make(
    membership: Membership, credential: Credential, number: str, kind: str, due: datetime
) -> Task:
    now, version = clock.now(), Team.next_sequence(membership.team_id)
    task: Task = Task.objects.create(
        team_id=membership.team_id,
        created_by_id=membership.user_id,
        credential=credential,
        kind=kind,
        model=next(iter(catalogue(credential.kind).models(kind)), ""),
        form_token=uuid4().hex,
        state=TaskState.QUEUED,
        version=version,
        accepted_at=now,
        adopted_at=now,
        check_at=due,
    )
    Attempt.objects.create(
        task=task, credential=credential, ordinal=1, state=AttemptState.ACCEPTED, number=number
    )
    if kind == FILM:
        Film.objects.create(team_id=task.team_id, task=task, version=version)
    audit.record(membership.team, membership.user, "task.adopted", task, number=number)
    return task
