"""Every job may come twice, late, or for a row that has long gone on: then it changes nothing."""

from collections.abc import Callable
from functools import partial
from uuid import uuid4

import pytest

from generations import clock
from generations.lifecycle import actions, send, transitions
from generations.models import Callback, Task
from generations.models.tasks import TaskState
from tests.threads import at_once

from .conftest import World, snapshot

REPEATED_JOBS = ("send", "callbacks", "recover", "cancel", "fetch", "poll", "sweep", "balance")


def waiting(world: World) -> Task:
    (task,) = world.order("[stuck] A lighthouse")
    world.cluster.lose()
    return task


def claimed(world: World) -> Task:
    task = waiting(world)
    assert transitions.claim(task.pk)
    return task


def on_its_way(world: World) -> Task:
    task = claimed(world)
    assert transitions.mark_sent(world.attempt(task))
    return task


def queued(world: World) -> Task:
    (task,) = world.order("[never starts] A lighthouse")
    world.cluster.work()
    return task


def running(world: World) -> Task:
    (task,) = world.order("[stuck] A lighthouse")
    world.run(lambda: Task.objects.get(pk=task.pk).state == TaskState.RUNNING)
    return task


def unclear(world: World) -> Task:
    (task,) = world.order("[stuck] [drop after] [list missing] A lighthouse")
    world.cluster.work()
    return task


def succeeded(world: World) -> Task:
    (task,) = world.order()
    world.finish()
    return task


def to_be_fetched(world: World) -> Task:
    (task,) = world.order("[media 503 always] A lighthouse")
    world.run(lambda: Task.objects.get(pk=task.pk).state == TaskState.SUCCEEDED)
    return task


def failed(world: World) -> Task:
    (task,) = world.order("[fail CreationPolicyViolation] A lighthouse")
    world.finish()
    return task


def cancelled(world: World) -> Task:
    task = waiting(world)
    actions.cancel(task, world.membership.user)
    return task


STATES: dict[Callable[[World], Task], TaskState] = {
    waiting: TaskState.WAITING,
    claimed: TaskState.SENDING,
    on_its_way: TaskState.SENDING,
    queued: TaskState.QUEUED,
    running: TaskState.RUNNING,
    unclear: TaskState.UNCLEAR,
    succeeded: TaskState.SUCCEEDED,
    to_be_fetched: TaskState.SUCCEEDED,
    failed: TaskState.FAILED,
    cancelled: TaskState.CANCELLED,
}


@pytest.mark.parametrize("reach", STATES, ids=lambda reach: reach.__name__)
def test_a_job_that_comes_again_changes_nothing(
    world: World, reach: Callable[[World], Task]
) -> None:
    task = reach(world)
    task.refresh_from_db()
    assert task.state == STATES[reach]
    for hours in (0, 1, 50):
        world.frozen_clock.advance(hours * 3600)
        for job in REPEATED_JOBS:
            deliver(world, job, task)
            before = snapshot()
            deliver(world, job, task)
            deliver(world, job, task)
            assert snapshot() == before, f"{job} after {hours} h"
    assert max(world.posts.values(), default=1) == 1


@pytest.mark.parametrize("reach", [succeeded, failed, cancelled], ids=lambda reach: reach.__name__)
def test_no_job_changes_a_task_that_has_ended(world: World, reach: Callable[[World], Task]) -> None:
    task = reach(world)
    before = snapshot()
    for job in (*REPEATED_JOBS[:-1], *reversed(REPEATED_JOBS[:-1])):
        world.frozen_clock.advance(600)
        deliver(world, job, task)
    assert snapshot() == before


def test_ten_workers_that_begin_at_once_send_one_task_once(world: World) -> None:
    task = waiting(world)
    at_once([partial(send.send, world.credential.pk)] * 10)
    assert sum(world.posts.values()) == 1
    task.refresh_from_db()
    assert task.state == TaskState.QUEUED
    world.check_books(spent=0, held=35)


def deliver(world: World, job: str, task: Task) -> None:
    """Do one job, and none of those that it queues."""
    attempt = world.attempt(task)
    if job == "callbacks":
        Callback.objects.create(
            attempt=attempt, verdict="signed", nonce=uuid4().hex, received_at=clock.now()
        )
    files = task.files.values_list("pk", flat=True)
    row_ids = {
        "send": world.credential.pk,
        "balance": world.credential.pk,
        "callbacks": attempt.pk,
        "recover": attempt.pk,
        "cancel": task.pk,
        "fetch": files[0] if files else 0,
    }
    world.cluster.deliver(job, row_ids.get(job, 0))
    world.cluster.lose()
