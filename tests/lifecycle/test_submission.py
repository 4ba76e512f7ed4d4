"""The paid POST and its outcomes: refused, a bad key, not taken; at most one for each attempt."""

import pytest
from pytest_django import Settings

from generations.lifecycle import actions, stops, sweep, transitions
from generations.models import Attempt, Entry, Task
from generations.models.tasks import AttemptState, TaskState
from generations.providers.contract import Reason, Receipt, RemoteState, Unclear
from tests.factories import make_credential, make_tasks

from .conftest import World, snapshot

REFUSALS = (
    *("BadRequest", "FieldLacking", "FieldUnwanted", "FieldInvalid", "FieldItemCountOutOfRange"),
    *("PageSizeOutOfRange", "ImageDownloadFailure", "ImageFormatInvalid", "ModelUnavailable"),
    *("TaskPromptPolicyViolation", "AuditSubmitIllegal", "CreationPolicyViolation"),
)
BAD_KEYS = {
    "Unauthorized": Reason.KEY_REFUSED,
    "Forbidden": Reason.KEY_NOT_ALLOWED,
    "CreditInsufficient": Reason.CREDITS_SPENT,
}
THROTTLES = {
    "QuotaExceeded": Reason.SLOTS_TAKEN,
    "TooManyRequests": Reason.BUSY,
    "SystemThrottling": Reason.BUSY,
    "OperationInProcess": Reason.BUSY,
}


def test_a_refused_order_failed_with_the_providers_word_and_nothing_is_held(world: World) -> None:
    tasks = {reason: world.order(f"[refuse {reason}] A storm")[0] for reason in REFUSALS}
    world.cluster.work()
    for reason, task in tasks.items():
        task.refresh_from_db()
        assert (task.state, task.code) == (TaskState.FAILED, reason)
        assert task.message
        assert task.finished_at
        assert world.attempt(task).state == AttemptState.REFUSED
    assert len(world.posts) == len(REFUSALS)
    world.check_books(spent=0)


@pytest.mark.parametrize("code", BAD_KEYS)
def test_a_bad_key_pauses_its_credential_and_the_others_wait_and_say_why(
    world: World, code: str
) -> None:
    world.sandbox.set_fault(world.key, f"[refuse {code}]", on="create")
    first, *others = world.order(count=3)
    world.cluster.work()
    world.credential.refresh_from_db()
    assert world.credential.paused_reason == BAD_KEYS[code]
    first.refresh_from_db()
    assert (first.state, first.reason) == (TaskState.FAILED, BAD_KEYS[code])
    assert first.code == code
    rows = Task.objects.filter(pk__in=[task.pk for task in others])
    assert set(rows.values_list("state", "obstacle")) == {(TaskState.WAITING, "paused")}
    assert len(world.posts) == 1
    world.check_books(spent=0, held=70)
    world.wait(120)
    assert len(world.posts) == 1
    world.sandbox.set_fault(world.key, "")
    stops.resume_key(world.credential, world.membership.user)
    assert set(rows.values_list("obstacle", flat=True)) == {""}
    sweep.sweep(0)
    world.end()
    assert set(rows.values_list("state", flat=True)) == {TaskState.SUCCEEDED}
    world.check_books(spent=70)


def test_a_key_that_goes_bad_while_tasks_run_pauses_and_the_waiting_say_why(world: World) -> None:
    world.order("[stuck] A storm", count=5)
    (sixth,) = world.order()
    world.cluster.work()
    world.sandbox.set_fault(world.key, "[refuse Unauthorized]", on="query")
    world.wait(40)
    world.credential.refresh_from_db()
    assert not world.credential.is_paused, "one refusal of a question proves nothing"
    assert world.credential.doubted_at
    world.wait(12)
    world.credential.refresh_from_db()
    assert world.credential.paused_reason == Reason.KEY_REFUSED
    sixth.refresh_from_db()
    assert (sixth.state, sixth.obstacle) == (TaskState.WAITING, "paused")
    running = Task.objects.exclude(pk=sixth.pk).values_list("state", flat=True)
    assert set(running) <= {TaskState.QUEUED, TaskState.RUNNING}


@pytest.mark.parametrize("code", THROTTLES)
def test_a_throttled_order_goes_again_later_as_a_new_attempt(world: World, code: str) -> None:
    world.sandbox.set_fault(world.key, f"[429 {code}]", on="create", times=2)
    (task,) = world.order()
    world.cluster.work()
    task.refresh_from_db()
    assert (task.state, task.obstacle) == (TaskState.WAITING, THROTTLES[code])
    assert task.not_before
    assert task.not_before > world.frozen_clock.at
    world.check_books(spent=0, held=35)
    world.cluster.work()
    assert len(world.posts) == 1, "it went again before its time"
    world.end()
    states = list(task.attempts.order_by("ordinal").values_list("state", flat=True))
    assert states == [AttemptState.THROTTLED, AttemptState.THROTTLED, AttemptState.ACCEPTED]
    first, second, third = task.attempts.order_by("ordinal")
    assert len({first.token, second.token, third.token}) == 3
    assert len({first.reference, second.reference, third.reference}) == 3
    assert first.sent_at
    assert second.sent_at
    assert third.sent_at
    assert third.sent_at - second.sent_at > second.sent_at - first.sent_at
    world.check_books(spent=35)


@pytest.mark.parametrize(
    ("address", "allowed"),
    [("http://127.0.0.1:9", True), ("http://127.0.0.1:9", False), ("http://no.invalid", False)],
    ids=["a closed port", "an address that the guard refuses", "a name that nobody knows"],
)
def test_what_could_not_be_sent_waits_and_is_held_once(
    world: World, settings: Settings, address: str, allowed: bool
) -> None:
    settings.ALLOW_PRIVATE_ADDRESSES = allowed
    credential = make_credential(team=world.membership.team, base_url=address, name="Far away")
    (task,) = make_tasks(membership=world.membership, credential=credential)
    for _ in range(3):
        world.cluster.work()
        world.frozen_clock.advance(300)
        sweep.sweep(0)
    task.refresh_from_db()
    assert (task.state, task.obstacle) == (TaskState.WAITING, Reason.UNREACHABLE)
    assert task.attempts.count() == 4
    assert not world.posts
    world.check_books(spent=0, held=35)


def test_a_key_that_our_keyring_does_not_open_pauses_before_anything_leaves(world: World) -> None:
    world.credential.sealed_key = world.credential.sealed_key[:-8] + "AAAAAAA="
    world.credential.save(update_fields=["sealed_key"])
    (task,) = world.order()
    world.cluster.work()
    task.refresh_from_db()
    world.credential.refresh_from_db()
    assert (task.state, task.code, task.reason) == ("failed", "sealed", Reason.KEY_SEALED)
    assert world.credential.paused_reason == Reason.KEY_SEALED
    assert not world.posts
    world.check_books(spent=0)


def test_a_create_that_failed_at_once_ends_the_task_and_costs_nothing(world: World) -> None:
    (task,) = world.order("[failed at once] [fail AuditSubmitIllegal] A storm")
    world.end()
    task.refresh_from_db()
    assert (task.state, task.code) == (TaskState.FAILED, "AuditSubmitIllegal")
    assert world.attempt(task).remote_id
    world.check_books(spent=0)


def test_an_error_code_in_a_good_answer_is_a_refusal(world: World) -> None:
    (task,) = world.order("[code in 200] A storm")
    world.cluster.work()
    task.refresh_from_db()
    assert (task.state, task.code) == (TaskState.FAILED, "BadRequest")
    world.check_books(spent=0)


def test_an_id_given_twice_is_never_believed(world: World) -> None:
    first, second = world.order(count=2)
    world.cluster.lose()
    for task in (first, second):
        attempt = transitions.claim(task.pk)
        assert attempt
        assert transitions.mark_sent(attempt)
        transitions.mark_accepted(attempt, Receipt("9110260474603"))
    second.refresh_from_db()
    assert (second.state, second.code) == (TaskState.UNCLEAR, "number_taken")
    assert world.attempt(second).remote_id == ""
    world.check_books(spent=0, held=70)


def test_an_id_that_turns_out_to_be_another_orders_is_given_back_to_that_one(
    world: World,
) -> None:
    """The provider answered one order with the number of another, whose own answer was lost."""
    first, second = world.order("[drop after] [list missing] A lighthouse", count=2)
    world.cluster.work()
    world.cluster.lose()
    numbers = {each.order["payload"]: each.id for each in world.sandbox.tasks.values()}
    wrong = numbers[world.attempt(first).reference]
    transitions.mark_accepted(world.attempt(second), Receipt(wrong))
    world.run(lambda: Task.objects.get(pk=second.pk).state == TaskState.UNCLEAR)
    second.refresh_from_db()
    assert (second.code, world.attempt(second).remote_id) == ("another_order", "")
    for task in (first, second):
        actions.accept_found_id(task, numbers[world.attempt(task).reference], world.membership.user)
    world.finish()
    assert set(Task.objects.values_list("state", flat=True)) == {TaskState.SUCCEEDED}
    world.check_books(spent=70)


def test_a_receipt_that_comes_twice_changes_nothing(world: World) -> None:
    (task,) = world.order()
    world.cluster.work()
    attempt = world.attempt(task)
    before = snapshot()
    assert not transitions.mark_accepted(attempt, Receipt(attempt.remote_id))
    assert not transitions.mark_accepted(
        attempt, Receipt(attempt.remote_id, state=RemoteState.FAILED)
    )
    assert snapshot() == before


def test_a_sender_that_stopped_before_the_post_is_replaced_and_then_sends_nothing(
    world: World,
) -> None:
    (task,) = world.order()
    world.cluster.lose()
    stopped = transitions.claim(task.pk)
    assert stopped
    world.frozen_clock.advance(91)
    sweep.sweep(0)
    world.cluster.work()
    task.refresh_from_db()
    assert task.state == TaskState.QUEUED
    assert not transitions.mark_sent(stopped)
    assert sum(world.posts.values()) == 1


def test_the_sweep_takes_nothing_back_from_a_sender_that_woke_up(world: World) -> None:
    (task,) = world.order()
    world.cluster.lose()
    attempt = transitions.claim(task.pk)
    assert attempt
    seen_by_the_sweep = Attempt.objects.select_related("task", "credential").get(pk=attempt.pk)
    assert transitions.mark_sent(attempt)
    transitions.requeue_unsent(seen_by_the_sweep)
    task.refresh_from_db()
    assert task.state == TaskState.SENDING


def test_the_sweep_leaves_alone_what_was_answered_meanwhile(world: World) -> None:
    (task,) = world.order()
    world.cluster.lose()
    attempt = transitions.claim(task.pk)
    assert attempt
    assert transitions.mark_sent(attempt)
    seen_by_the_sweep = world.attempt(task)
    transitions.mark_accepted(attempt, Receipt("9110260474603"))
    transitions.mark_unclear(seen_by_the_sweep, Unclear("sender_died"))
    task.refresh_from_db()
    assert task.state == TaskState.QUEUED


def test_a_sender_that_died_around_the_post_leaves_an_unclear_order(world: World) -> None:
    (task,) = world.order()
    world.cluster.lose()
    attempt = transitions.claim(task.pk)
    assert attempt
    assert transitions.mark_sent(attempt)
    world.frozen_clock.advance(91)
    sweep.sweep(0)
    world.cluster.work()
    task.refresh_from_db()
    assert (task.state, task.code) == (TaskState.UNCLEAR, "sender_died")
    assert not world.posts
    assert Entry.objects.filter(kind="hold").count() == 1
    world.check_books(spent=0, held=35)
