"""The rows are the truth: with jobs lost, doubled or shuffled, everything still ends right."""

import random

import pytest

from generations import crash
from generations.lifecycle import poll, sweep
from generations.models import Attempt, File, Heartbeat, Lease, Task
from generations.models.files import FileState
from generations.models.tasks import FINAL, TaskState

from .conftest import World, alarm_codes

PROMPTS = {
    "A lighthouse at dusk": TaskState.SUCCEEDED,
    "[fail CreationPolicyViolation] A storm": TaskState.FAILED,
    "[refuse FieldInvalid] A harbour": TaskState.FAILED,
    "[drop after] [fail Canceled] A ferry": TaskState.FAILED,
    "[failed at once] A pier": TaskState.FAILED,
}


def everything_ended() -> bool:
    open_tasks = Task.objects.exclude(state__in=FINAL)
    return not (open_tasks.exists() or File.objects.unfetched().exists())


def check_the_end(world: World) -> None:
    for prompt, state in PROMPTS.items():
        assert set(Task.objects.filter(prompt=prompt).values_list("state", flat=True)) == {state}
    assert set(File.objects.values_list("state", flat=True)) == {FileState.STORED}
    assert len(world.posts) == Attempt.objects.count()
    world.check_books(spent=35)
    assert not alarm_codes()


@pytest.mark.parametrize("seed", range(4))
def test_jobs_that_are_lost_doubled_and_shuffled_change_only_the_time(
    world: World, seed: int
) -> None:
    dice = random.Random(seed)
    world.sandbox.set_fault(world.key, "[429 QuotaExceeded]", on="create", times=1)
    for prompt in PROMPTS:
        world.order(prompt)
    for _ in range(60):
        world.cluster.work_in_disorder(dice)
        seconds = dice.choice([1, 10, 60])
        world.frozen_clock.advance(seconds)
        world.sandbox.advance(seconds)
        if dice.random() < 0.5:
            sweep.sweep(0)
        if everything_ended():
            break
    check_the_end(world)


def test_with_the_queue_emptied_before_every_step_the_sweep_alone_brings_all_to_the_end(
    world: World,
) -> None:
    for prompt in PROMPTS:
        world.order(prompt)
    for _ in range(30):
        world.cluster.lose()
        world.frozen_clock.advance(60)
        world.sandbox.advance(60)
        sweep.sweep(0)
        world.cluster.work()
        if everything_ended():
            break
    check_the_end(world)


def test_the_sweep_queues_a_job_for_a_row_in_every_state(world: World) -> None:
    (waiting, sending, unclear) = world.order("[drop before] A lighthouse", count=3)
    world.cluster.lose()
    Task.objects.filter(pk=sending.pk).update(
        state=TaskState.SENDING, lease_until=world.frozen_clock.at
    )
    Task.objects.filter(pk=unclear.pk).update(state=TaskState.UNCLEAR)
    Attempt.objects.filter(task=unclear).update(state="unclear", sent_at=world.frozen_clock.at)
    file = File.objects.create(
        task=waiting, team=waiting.team, role="video", url="http://x.invalid"
    )
    sweep.sweep(0)
    assert set(world.cluster.jobs) >= {
        ("send", world.credential.pk),
        ("recover", world.attempt(unclear).pk),
        ("fetch", file.pk),
        ("poll", 0),
    }
    sending.refresh_from_db()
    assert sending.state == TaskState.WAITING
    assert Heartbeat.objects.get(name="cluster").at == world.frozen_clock.at


def test_the_sweep_leaves_alone_what_is_in_hand(world: World) -> None:
    (task,) = world.order()
    world.cluster.lose()
    world.credential.paused_at = world.frozen_clock.at
    world.credential.save()
    later = world.frozen_clock.at.replace(year=world.frozen_clock.at.year + 1)
    File.objects.create(
        task=task, team=task.team, role="video", state="fetching", lease_until=later
    )
    assert Lease.acquire("poll", "somebody", 45)
    sweep.sweep(0)
    assert world.cluster.jobs == []


def test_one_poller_at_a_time_and_the_next_one_takes_over_from_a_dead_one(world: World) -> None:
    (task,) = world.order("[fail Canceled] A storm")
    world.cluster.work()
    world.cluster.lose()
    world.frozen_clock.advance(60)
    world.sandbox.advance(60)
    assert Lease.acquire("poll", "a poller that died", poll.LEASE_SECONDS)
    poll.poll(0)
    task.refresh_from_db()
    assert task.state == TaskState.QUEUED
    world.frozen_clock.advance(poll.LEASE_SECONDS)
    poll.poll(0)
    task.refresh_from_db()
    assert task.state == TaskState.FAILED
    assert Lease.is_free("poll", world.frozen_clock.at)
    jobs = [(job, world.credential.pk) for job in ("balance_after_end", "send")]
    assert world.cluster.jobs == jobs, "no successor for nothing"


def test_a_crash_point_kills_nobody_unless_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(crash.VARIABLE, "another.point:/nowhere")
    crash.point("send.posted")
