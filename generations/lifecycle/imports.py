"""Import tasks that were ordered elsewhere, by their remote ids. Nothing is sent.

Each id becomes a task that its provider has, as if it had been ordered here; the poller asks for it
within the key's request budget. Nothing is held; its cost is booked once it has ended.
"""

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import IntegrityError, transaction

from generations import clock
from generations.models import Attempt, Credential, Film, Membership, Task, Team, audit
from generations.models.films import FILM
from generations.models.tasks import AttemptState, TaskState
from generations.providers.catalogue import catalogue
from generations.providers.contract import TaskKind
from generations.providers.wire.pasted import read_pasted_id, read_pasted_ids

from . import queue

SHARE = 2  # one half of the key's request budget is left to what runs


class Outcome(enum.StrEnum):
    IMPORTED = "imported"
    KNOWN = "known"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one remote id; ``task`` is the new one, or the one that had the id already."""

    remote_id: str
    outcome: Outcome
    task: Task | None = None


def ids_in(text: str) -> Sequence[str]:
    """Return the ids in a text, each once, in its order, whatever people type between them."""
    return read_pasted_ids(text)


def makes_films(credential: Credential) -> bool:
    """Whether the provider of a key makes ad films."""
    return bool(catalogue(credential.kind).models(FILM))


def import_tasks(
    membership: Membership,
    credential: Credential,
    remote_ids: Iterable[str],
    *,
    films: bool = False,
) -> list[Imported]:
    """Import each id that is not here yet; ``films``: they are whole ad films.

    The credential must be of the membership's team. Twice, or by two at once, imports once.
    """
    if credential.team_id != membership.team_id or not membership.may_order:
        raise PermissionError("this person may not import on this credential")
    kind = FILM if films and makes_films(credential) else TaskKind.IMPORTED
    due, results = clock.now(), []
    # Each in its own transaction: where one fails, those before it stay, and all may be sent again.
    for remote_id in remote_ids:
        result = _import(membership, credential, remote_id, kind, due)
        results.append(result)
        if result.outcome == Outcome.IMPORTED:
            due += _pause(credential)
    queue.wake_poller()
    return results


def _pause(credential: Credential) -> timedelta:
    """Return the time between two questions, so that what runs is still asked for in time."""
    limit = credential.requests_per_minute
    return timedelta(seconds=60 * SHARE / limit) if limit else timedelta(0)


def _import(
    membership: Membership, credential: Credential, pasted: str, kind: str, due: datetime
) -> Imported:
    if not (remote_id := read_pasted_id(pasted)):
        return Imported(pasted, Outcome.UNREADABLE)
    if known := _task_of(credential, remote_id):
        return Imported(remote_id, Outcome.KNOWN, known)
    try:
        task = _create(membership, credential, remote_id, kind, due)
    except IntegrityError:
        # ``one_attempt_per_remote_id``: somebody else has just imported it, or ordered it.
        return Imported(remote_id, Outcome.KNOWN, _task_of(credential, remote_id))
    return Imported(remote_id, Outcome.IMPORTED, task)


def _task_of(credential: Credential, remote_id: str) -> Task | None:
    attempts = Attempt.objects.filter(credential=credential, remote_id=remote_id)
    return Task.objects.filter(attempts__in=attempts).first()


@transaction.atomic
def _create(
    membership: Membership, credential: Credential, remote_id: str, kind: str, due: datetime
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
        imported_at=now,
        check_at=due,
    )
    # Accepted from the start: no state leads from here to a POST. Without an estimate there is no
    # hold either.
    Attempt.objects.create(
        task=task,
        credential=credential,
        ordinal=1,
        state=AttemptState.ACCEPTED,
        remote_id=remote_id,
    )
    if kind == FILM:
        Film.objects.create(team_id=task.team_id, task=task, version=version)
    audit.record(membership.team, membership.user, "task.imported", task, remote_id=remote_id)
    return task
