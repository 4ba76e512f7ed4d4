"""A callback makes us ask once, and nothing in it is believed."""

import json
from email.utils import formatdate
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from generations.lifecycle import transitions
from generations.models import Attempt, Callback, Task
from generations.models.tasks import TaskState
from generations.providers.contract import Receipt
from generations.sandbox.providers.vidu.callbacks import signature
from tests.cases import case

from .conftest import World, snapshot


def call_back(
    world: World, attempt: Attempt, *, key: str = "", late: float = 0, **body: Any
) -> int:
    """Send a callback as Vidu signs it, made by hand; returns the status of the answer."""
    path = reverse("callback", args=["vidu", attempt.token])
    headers = {
        "Date": formatdate(world.frozen_clock.at.timestamp() - late, usegmt=True),
        "x-request-nonce": str(uuid4()),
    }
    signed = signature(key or world.key, "POST", f"http://testserver{path}", headers)
    headers |= {
        "X-HMAC-SIGNED-HEADERS": "Date;x-request-nonce",
        "X-HMAC-SIGNATURE": signed,
        "X-HMAC-ALGORITHM": "hmac-sha256",
        "X-HMAC-ACCESS-KEY": "vidu",
    }
    content = json.dumps({"id": attempt.remote_id, "state": "success"} | body)
    return Client().post(path, content, "application/json", headers=headers).status_code


def running(world: World) -> Attempt:
    (task,) = world.order("[stuck] A lighthouse")
    world.run(lambda: Task.objects.get(pk=task.pk).state == TaskState.RUNNING)
    return world.attempt(task)


CALLBACK_FAULTS = (
    *("five times", "duplicate", "again", "out of order", "contradicting", "no id"),
    *("status word", "bad signature", "stale date", "no nonce", "unsigned", "oversized", "early"),
)


def test_however_the_provider_calls_back_each_task_ends_right(public_world: World) -> None:
    world = public_world
    good = {word: world.order(f"[callback {word}] A lighthouse")[0] for word in CALLBACK_FAULTS}
    failure = "[fail CreationPolicyViolation] A storm"
    bad = {word: world.order(f"[callback {word}] {failure}")[0] for word in CALLBACK_FAULTS}
    world.end()
    for word in CALLBACK_FAULTS:
        with case(word):
            good[word].refresh_from_db()
            bad[word].refresh_from_db()
            assert (good[word].state, bad[word].state) == (TaskState.SUCCEEDED, TaskState.FAILED)
            assert bad[word].code == "CreationPolicyViolation"
            assert not good[word].alarm
            assert not bad[word].alarm
            urls = good[word].files.values_list("url", flat=True)
            assert all(url.startswith(world.sandbox.url) for url in urls), "a callback's link"
    world.check_books(spent=35 * len(CALLBACK_FAULTS))


def test_the_real_callbacks_of_the_provider_are_taken_and_answered_with_200(
    public_world: World,
) -> None:
    (task,) = public_world.order()
    public_world.end()
    public_world.sandbox.settle()
    assert {sent.status for sent in public_world.sandbox.callbacks} == {200}
    assert {sent.body["state"] for sent in public_world.sandbox.callbacks} == {
        "processing",
        "success",
    }
    words = Callback.objects.filter(attempt__task=task).values_list("state_word", flat=True)
    assert set(words) == {"processing", "success"}


def test_with_a_callback_the_end_is_known_at_once(
    public_world: World,
) -> None:
    (task,) = public_world.order("[stuck] A lighthouse")
    public_world.run(lambda: Task.objects.get(pk=task.pk).state == TaskState.RUNNING)
    attempt = public_world.attempt(task)
    public_world.sandbox.fail(attempt.remote_id, "Canceled")
    public_world.sandbox.settle()
    public_world.cluster.work()
    task.refresh_from_db()
    assert task.state == TaskState.FAILED


def test_five_callbacks_at_once_make_one_question(world: World) -> None:
    attempt = running(world)
    before = world.questions
    for _ in range(5):
        assert call_back(world, attempt) == 200
    world.cluster.work()
    assert world.questions - before == 1
    assert Callback.objects.filter(attempt=attempt, answered_at=None).count() == 0


def test_the_same_callback_heard_again_is_answered_with_200_and_ignored(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt = running(world)
    monkeypatch.setitem(globals(), "uuid4", lambda: "the same nonce")
    before = world.questions
    for _ in range(3):
        assert call_back(world, attempt) == 200
        world.cluster.work()
    assert Callback.objects.count() == 1
    assert world.questions - before == 1


def test_what_a_callback_says_changes_nothing(world: World) -> None:
    attempt = running(world)
    video = {"id": "1", "url": "https://cdn.example/forged.mp4"}
    before = snapshot()
    for state in ("success", "failed", "created", "queueing", "nonsense", ""):
        call_back(world, attempt, state=state, err_code="X", credits=9999, creations=[video])
        world.cluster.work()
    assert snapshot() == before


def test_a_forged_callback_is_refused_and_leaves_no_trace(world: World) -> None:
    attempt = running(world)
    before = world.questions
    assert call_back(world, attempt, key="not the key") == 403
    path = reverse("callback", args=["vidu", attempt.token])
    assert Client().post(path, "{}", "application/json").status_code == 403
    world.cluster.work()
    assert world.questions == before
    assert not Callback.objects.exists()


@pytest.mark.parametrize("late", [301, 86_400, -301])
def test_a_callback_from_another_time_is_refused(world: World, late: float) -> None:
    attempt = running(world)
    assert call_back(world, attempt, late=late) == 403
    assert not Callback.objects.exists()


def test_a_callback_that_is_some_minutes_old_is_taken(world: World) -> None:
    attempt = running(world)
    assert call_back(world, attempt, late=240) == 200


def test_a_callback_of_another_key_of_the_team_is_refused(world: World) -> None:
    attempt = running(world)
    assert call_back(world, attempt, key="sandbox-another") == 403


def test_an_unknown_token_or_kind_is_not_found(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    attempt = running(world)
    for kind, token in (("vidu", "x" * 43), ("relay", attempt.token), ("nonsense", attempt.token)):
        path = reverse("callback", args=[kind, token])
        assert Client().post(path, "{}", "application/json").status_code == 404
    assert Client().get(reverse("callback", args=["vidu", attempt.token])).status_code == 405
    assert attempt.token not in caplog.text


@pytest.mark.parametrize("size", [64 * 1024 + 1, 3 * 1024 * 1024])
def test_an_oversized_callback_is_refused_before_it_is_read(world: World, size: int) -> None:
    attempt = running(world)
    assert call_back(world, attempt, padding="0" * size) == 413
    assert not Callback.objects.exists()


def test_a_body_that_is_no_json_still_counts_as_a_callback(world: World) -> None:
    attempt = running(world)
    before = world.questions
    assert call_back(world, attempt, id="\x00\ud800", state=["odd"]) == 200
    world.cluster.work()
    assert world.questions - before == 1


def test_a_callback_before_the_answer_of_the_post_is_heard_once_the_answer_is_stored(
    world: World,
) -> None:
    (task,) = world.order("[stuck] A lighthouse")
    world.cluster.lose()
    attempt = transitions.claim(task.pk)
    assert attempt
    assert transitions.mark_sent(attempt)
    assert call_back(world, attempt, id="9110260474603") == 200
    world.cluster.work()
    assert world.questions == 0
    assert Callback.objects.filter(answered_at=None).count() == 1
    transitions.mark_accepted(attempt, Receipt("9110260474603"))
    world.cluster.work()
    assert world.questions == 1
    assert Callback.objects.filter(answered_at=None).count() == 0


def test_a_callback_for_a_task_that_has_ended_changes_nothing(world: World) -> None:
    (task,) = world.order()
    world.finish()
    attempt = world.attempt(task)
    before, asked = snapshot(), world.questions
    for state in ("failed", "processing", "success"):
        assert call_back(world, attempt, state=state) == 200
        world.cluster.work()
    assert snapshot() == before
    assert world.questions - asked <= 1


def test_callbacks_beyond_all_reason_are_not_kept(world: World) -> None:
    attempt = running(world)
    Callback.objects.bulk_create(
        Callback(attempt=attempt, verdict="signed", nonce=str(n)) for n in range(50)
    )
    assert call_back(world, attempt) == 200
    assert Callback.objects.count() == 50


def test_a_callback_keeps_no_signature_and_no_key(world: World) -> None:
    attempt = running(world)
    call_back(world, attempt)
    kept = Callback.objects.get()
    text = json.dumps(kept.headers) + kept.body
    assert "hmac-signature" not in text.lower()
    assert world.key not in text
