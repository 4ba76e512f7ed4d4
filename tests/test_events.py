"""Events: each is written in the transaction that makes the change, and never changed after."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from generations import clock
from generations.lifecycle import transitions
from generations.lifecycle.transitions.move import move
from generations.models import (
    Attempt,
    Cap,
    CapUse,
    Credential,
    Event,
    File,
    Membership,
    Task,
    events,
)
from generations.models.events import EventKind
from generations.models.files import FileRole, FileState
from generations.models.tasks import TaskState
from generations.providers.contract import Reason
from tests.cases import case
from tests.factories import make_credential, make_member, make_tasks

pytestmark = pytest.mark.django_db
PRICE = 35


@pytest.fixture
def member() -> Membership:
    return make_member()


@pytest.fixture
def credential(member: Membership) -> Credential:
    return make_credential(team=member.team)


def an_attempt(member: Membership, credential: Credential) -> Attempt:
    (task,) = make_tasks(membership=member, credential=credential)
    return task.attempts.select_related("task__team", "credential__team").get()


def kinds() -> list[str]:
    return list(Event.objects.order_by("pk").values_list("kind", flat=True))


def roll_back(act: Callable[[], object]) -> None:
    """Do it in a transaction that ends without a commit."""
    with transaction.atomic():
        act()
        transaction.set_rollback(True)


def test_the_database_refuses_to_change_delete_or_replace_an_event(member: Membership) -> None:
    events.record(member.team, EventKind.REMARK_MADE, 7, answer=1)
    before = list(Event.objects.values())
    table = Event._meta.db_table
    commands = [f"UPDATE {table} SET subject_id = 8", f"DELETE FROM {table}"]
    if connection.vendor == "sqlite":
        commands.append(f"REPLACE INTO {table} SELECT * FROM {table}")
    for command in commands:
        refused = pytest.raises(DatabaseError, match="append-only")
        with case(command), refused, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(command)
    assert list(Event.objects.values()) == before


def test_a_key_that_is_paused_and_resumed_is_recorded_once_each(credential: Credential) -> None:
    def both() -> None:
        transitions.pause_credential(credential, Reason.KEY_REFUSED)
        transitions.pause_credential(credential, Reason.KEY_REFUSED)
        transitions.resume_credential(credential, None)
        transitions.resume_credential(credential, None)

    roll_back(both)
    assert kinds() == []
    credential.refresh_from_db()
    both()
    assert kinds() == [EventKind.CREDENTIAL_PAUSED, EventKind.CREDENTIAL_RESUMED]
    first = Event.objects.earliest("pk")
    assert (first.subject_id, first.detail) == (credential.pk, {"reason": Reason.KEY_REFUSED})


def test_a_transition_records_what_became_of_a_task(
    member: Membership, credential: Credential
) -> None:
    wanted = {
        TaskState.SUCCEEDED: EventKind.TASK_SUCCEEDED,
        TaskState.FAILED: EventKind.TASK_FAILED,
        TaskState.CANCELLED: EventKind.TASK_CANCELLED,
        TaskState.UNCLEAR: EventKind.TASK_UNCLEAR,
    }
    for state in TaskState:
        attempt = an_attempt(member, credential)

        def act(attempt: Attempt = attempt, state: TaskState = state) -> None:
            assert move(attempt, [TaskState.WAITING], state, reason="rate")

        with case(state):
            before = Event.objects.count()
            roll_back(act)
            assert Event.objects.count() == before
            with transaction.atomic():
                act()
            new = Event.objects.filter(subject_id=attempt.task_id).values_list("kind", "detail")
            expected = [(wanted[state], {"reason": "rate"})] if state in wanted else []
            assert list(new) == expected


def a_file(member: Membership, credential: Credential, **fields: Any) -> File:
    task = Task.objects.get(attempts=an_attempt(member, credential))
    url = "https://results.invalid/clip.mp4"
    return File.objects.create(task=task, team=member.team, role=FileRole.VIDEO, url=url, **fields)


def test_what_became_of_a_file_is_recorded_with_its_state(
    member: Membership, credential: Credential
) -> None:
    fetching = FileState.FETCHING
    ends: dict[str, tuple[FileState, FileState, Callable[[File], object]]] = {
        EventKind.FILE_STORED: (fetching, FileState.STORED, transitions.mark_stored),
        EventKind.FILE_LOST: (
            fetching,
            FileState.LOST,
            lambda file: transitions.mark_lost(file, "404"),
        ),
        EventKind.FILE_FOUND: (FileState.LOST, FileState.REMOTE, transitions.mark_found),
    }
    for kind, (before_it, state, act) in ends.items():
        file = a_file(member, credential, state=before_it, size=1)
        with case(kind):
            before = Event.objects.count()
            roll_back(lambda act=act, file=file: act(file))  # type: ignore[misc]
            assert Event.objects.count() == before
            assert File.objects.get(pk=file.pk).state == before_it
            act(file)
            assert File.objects.get(pk=file.pk).state == state
            assert Event.objects.get(subject_id=file.pk, kind=kind).team == member.team


def test_files_at_risk_are_recorded_once_for_each_warning(
    member: Membership, credential: Credential
) -> None:
    now = clock.now()
    file = a_file(member, credential, expires_at=now + timedelta(hours=1))
    roll_back(lambda: transitions.warn_at_risk(member.team, [file]))
    assert kinds() == []
    for _ in range(2):
        transitions.warn_at_risk(member.team, [file])
    assert kinds() == [EventKind.FILES_AT_RISK]
    assert Event.objects.get().detail["files"] == 1


@pytest.mark.parametrize("own", [False, True], ids=["team", "member"])
def test_a_hold_that_brings_a_cap_near_its_end_is_recorded_at_each_crossing(
    member: Membership, credential: Credential, own: bool
) -> None:
    whose = member.user if own else None
    cap = Cap.objects.create(team=member.team, user=whose, unit="credit", amount=3 * PRICE + 1)
    roll_back(lambda: [an_attempt(member, credential) for _ in range(3)])
    assert (kinds(), CapUse.objects.count()) == ([], 0)
    for _ in range(2):
        an_attempt(member, credential)
    assert kinds() == [], "70 of 106 are 66 %"
    an_attempt(member, credential)
    (event,) = Event.objects.all()
    assert (event.kind, event.subject_id) == (EventKind.CAP_NEAR, cap.pk)
    assert event.detail == {"used": 3 * PRICE, "amount": 3 * PRICE + 1, "unit": "credit"}
    Cap.objects.filter(pk=cap.pk).update(amount=6 * PRICE)
    an_attempt(member, credential)
    assert len(kinds()) == 1, "140 of 210 are 66 %"
    for _ in range(2):
        an_attempt(member, credential)
    assert kinds() == [EventKind.CAP_NEAR] * 2, "the first of the two crosses, the second is beyond"
