"""Alarms: what a person must know of a task, one line for each code (``Task.alarms``).

Most alarms end by themselves, once what caused them is over. The others stay until a person
dismisses them.
"""

from collections.abc import Mapping

import structlog
from django.db import transaction

from generations import clock
from generations.models import Task, Team, User, audit, events
from generations.models.events import EventKind
from generations.models.tasks import AT_PROVIDER, read_alarms

log = structlog.get_logger(__name__)

UNKNOWN_STATE = "unknown_state"  # a word of state that nobody here knows
UNANSWERED = "unanswered"  # no answer for some minutes that can be read
NOT_FOUND = "not_found"  # the provider does not know the task now
NO_FILM = "no_film"  # a success without a film
COST_UNREAD = "cost_unread"  # a cost that is there and cannot be read
NOT_DELIVERED = "not_delivered"  # less than was ordered
TAKEN_AFTER_ALL = "taken_after_all"  # what was given up here runs at the provider
CONTRADICTED = "contradicted"  # another end than the one that was reported first
FILE_DAMAGED = "file_damaged"  # bytes that nobody here could read, kept as they came
LATE = "late"  # in events only: on pages ``Task.late_at`` says it

# What a readable answer ends. While the provider has the task, the next bad answer would raise them
# again, so that nobody is offered to dismiss them.
OF_ANSWERS = (UNKNOWN_STATE, UNANSWERED, NOT_FOUND)
PASSING = (*OF_ANSWERS, NO_FILM)
MOST_DETAIL = 500


@transaction.atomic
def raise_alarm(task: Task, code: str, detail: str = "") -> None:
    """Raise an alarm. Where it stands already only its detail is renewed, without an event."""
    detail = " ".join(detail.split())[:MOST_DETAIL]  # a line break would begin another alarm
    if _standing(task).get(code) == detail:
        return  # as mostly: the same answer came again, and the team's row is left unlocked
    version = Team.next_sequence(task.team_id)
    standing = _standing(task)  # anew, under the lock
    _write(task, {**standing, code: detail}, version)
    log.error("alarm", task=task.pk, code=code, detail=detail)
    if code not in standing:
        events.record(task.team_id, EventKind.TASK_ALARM, task.pk, code=code)


def add_to_alarm(task: Task, code: str, detail: str) -> None:
    """Raise an alarm that keeps its earlier details, for example the ids of several orders."""
    known = _standing(task).get(code, "").split(", ")
    raise_alarm(task, code, ", ".join(dict.fromkeys(filter(None, [*known, detail]))))


@transaction.atomic
def clear_alarms(task: Task, *codes: str) -> bool:
    """End the alarms of these codes. Return False where none of them stands."""
    if not _standing(task).keys() & set(codes):
        return False
    version = Team.next_sequence(task.team_id)
    standing = _standing(task)
    _write(task, {code: standing[code] for code in standing if code not in codes}, version)
    return True


def is_dismissible(task: Task, code: str) -> bool:
    """Whether an alarm would stay away once a person dismisses it."""
    return code not in PASSING or task.is_final


@transaction.atomic
def dismiss_alarm(task: Task, code: str, by: User) -> bool:
    """End an alarm that a person has read. Return False where it is not there, or must stay."""
    if not is_dismissible(task, code) or not clear_alarms(task, code):
        return False
    audit.record(task.team, by, "task.alarm_dismissed", task, code=code)
    return True


@transaction.atomic
def mark_late(task: Task) -> bool:
    """Write once that a task takes far longer than such clips do; return whether this call did."""
    version, now = Team.next_sequence(task.team_id), clock.now()
    running = Task.objects.filter(pk=task.pk, state__in=AT_PROVIDER, late_at=None)
    if marked := running.update(late_at=now, version=version):
        log.error("alarm", task=task.pk, code=LATE, detail="")
        events.record(task.team_id, EventKind.TASK_ALARM, task.pk, code=LATE)
    return bool(marked)


def _standing(task: Task) -> dict[str, str]:
    """Return the details of a task's alarms by their codes, as its row says now."""
    return dict(read_alarms(Task.objects.values_list("alarm", flat=True).get(pk=task.pk)))


def _write(task: Task, alarms: Mapping[str, str], version: int) -> None:
    text = "\n".join(f"{code} {detail}".rstrip() for code, detail in alarms.items())
    Task.objects.filter(pk=task.pk).update(alarm=text, version=version)
    task.alarm = text
