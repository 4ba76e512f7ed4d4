"""The main job, end to end: an order becomes a stored file, and the books say so."""

import hashlib

from django.core.files.storage import default_storage

from generations.billing import ledger
from generations.models import Attempt, Entry, File, Task
from generations.models.tasks import TaskState

from .conftest import World


def test_an_order_becomes_a_stored_file_and_is_paid_once(world: World) -> None:
    (task,) = world.order("A lighthouse at dusk")
    world.finish()
    task.refresh_from_db()
    assert task.state == TaskState.SUCCEEDED
    video = File.objects.get(task=task, role="video")
    assert video.state == "stored"
    with default_storage.open(video.name) as kept:
        assert hashlib.sha256(kept.read()).hexdigest() == video.sha256
    assert video.width
    assert video.duration_ms
    assert video.codec == "h264"
    assert default_storage.exists(video.poster)
    assert default_storage.exists(video.preview)
    attempt = Attempt.objects.get(task=task)
    assert (attempt.estimate, attempt.cost) == (35, 35)
    entries = Entry.objects.filter(attempt=attempt).order_by("pk")
    assert list(entries.values_list("kind", flat=True)) == ["hold", "settle"]
    assert [balance.spent for balance in ledger.balances(task.team)] == [35]
    assert not list(ledger.verify())
    assert sum(1 for request in world.sandbox.requests if request.method == "POST") == 1


def test_a_failed_task_gives_its_credits_back(world: World) -> None:
    (task,) = world.order("[fail CreationPolicyViolation] A storm")
    world.finish()
    task.refresh_from_db()
    assert (task.state, task.code) == (TaskState.FAILED, "CreationPolicyViolation")
    (balance,) = ledger.balances(task.team)
    assert (balance.held, balance.spent) == (0, 0)
    assert not File.objects.filter(task=task).exists()
    assert not list(ledger.verify())


def test_a_sixth_task_waits_until_a_slot_is_free(world: World) -> None:
    world.order(count=6)
    world.cluster.work()
    assert Task.objects.filter(state=TaskState.WAITING).count() == 1
    world.finish()
    assert Task.objects.filter(state=TaskState.SUCCEEDED).count() == 6
