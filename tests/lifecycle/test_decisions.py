"""What people decide: cancel, check now; too late is said, and nothing else changes."""

import pytest

from generations.lifecycle import actions
from generations.models import AuditEvent, Task
from generations.models.tasks import AttemptState, TaskState

from .conftest import World, snapshot


def test_a_waiting_task_is_cancelled_at_once_and_all_comes_back(world: World) -> None:
    (task,) = world.order()
    actions.cancel(task, world.membership.user)
    world.cluster.work()
    task.refresh_from_db()
    assert task.state == TaskState.CANCELLED
    assert world.attempt(task).state == AttemptState.WITHDRAWN
    assert not world.posts
    world.check_books(spent=0)


def test_a_queued_task_is_stopped_at_the_provider(world: World) -> None:
    (task,) = world.order("[never starts] A lighthouse")
    world.cluster.work()
    actions.cancel(task, world.membership.user)
    world.cluster.work()
    task.refresh_from_db()
    assert (task.state, task.obstacle) == (TaskState.CANCELLED, "")
    world.check_books(spent=0)


def test_a_task_that_the_provider_would_not_stop_goes_on_and_says_so(world: World) -> None:
    (task,) = world.order("[stuck] A lighthouse")
    world.run(lambda: Task.objects.get(pk=task.pk).state == TaskState.RUNNING)
    actions.cancel(task, world.membership.user)
    world.cluster.work()
    task.refresh_from_db()
    assert (task.state, task.obstacle) == (TaskState.RUNNING, "not_cancelled")
    assert task.message
    world.check_books(spent=0, held=35)


def test_a_cancel_that_came_too_late_says_so_and_changes_nothing(world: World) -> None:
    (ended,) = world.order("[refuse FieldInvalid] A storm")
    (unclear,) = world.order("[500 before] A storm")
    world.cluster.work()
    before = snapshot()
    for task in (ended, unclear):
        with pytest.raises(actions.TooLate):
            actions.cancel(task, world.membership.user)
    assert snapshot() == before
    assert not AuditEvent.objects.filter(verb__startswith="task.").exists()


def test_a_cancel_of_a_task_that_ends_meanwhile_ends_it_as_the_provider_says(
    world: World,
) -> None:
    (task,) = world.order("[fail CreationPolicyViolation] A storm")
    world.cluster.work()
    actions.cancel(task, world.membership.user)
    world.sandbox.advance(60)
    world.cluster.work()
    task.refresh_from_db()
    assert (task.state, task.code) == (TaskState.FAILED, "CreationPolicyViolation")
    assert task.obstacle == ""


def test_looking_now_asks_at_once(world: World) -> None:
    (task,) = world.order("[fail Canceled] A storm")
    world.cluster.work()
    world.sandbox.advance(60)
    actions.check_now(task)
    world.cluster.work()
    task.refresh_from_db()
    assert task.state == TaskState.FAILED
