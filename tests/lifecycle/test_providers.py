"""One life of a task, whoever the provider is: each gateway through its dialect of the sandbox."""

import json
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from generations.billing import ledger
from generations.lifecycle import actions, sweep
from generations.lifecycle import order as ordering
from generations.models import Attempt, AuditEvent, File, Task
from generations.models.files import FileState
from generations.models.tasks import AttemptState, TaskState
from generations.providers.catalogue import catalogue
from generations.providers.contract import Order
from generations.sandbox.providers.vivienne import signature
from tests.factories import make_credential

from .conftest import World, alarm_codes

GATEWAYS = ("relay", "vivienne", "apixo")
MODELS = {"vidu": "viduq2", "relay": "viduq2", "vivienne": "viduq2", "apixo": "vidu-q3"}
# What each answers when it has taken an order and its answer is lost on the way.
LOST = "[drop after]"


def enter(world: World, kind: str, *, key: str = "", **options: str) -> None:
    """Let the world's team have its key at another provider."""
    world.credential = make_credential(
        team=world.membership.team,
        kind=kind,
        base_url=world.sandbox.base_url(kind),
        name=kind,
        key=key or f"sandbox-{uuid4().int % 10**8:08}",
        slots=catalogue(kind).slots,
        requests_per_minute=catalogue(kind).requests_per_minute or 0,
    )
    if options:
        world.credential.options = options
        world.credential.save(update_fields=["options"])


def clip(kind: str, prompt: str) -> Order:
    return Order(
        kind="text_to_video",
        model=MODELS[kind],
        prompt=prompt,
        duration=5,
        resolution="720p",
        aspect_ratio="16:9",
    )


def order(world: World, prompt: str = "A lighthouse at dusk") -> Task:
    wanted = clip(world.credential.kind, prompt)
    [task] = ordering.order(
        world.membership,
        world.credential,
        wanted,
        accepts_unknown=True,
        form_token=uuid4().hex,
    )
    return task


def creates(world: World) -> int:
    """How many orders arrived at the sandbox, taken or not."""
    return sum(each.method == "POST" for each in world.sandbox.requests)


def unclear(world: World, words: str = LOST) -> Task:
    task = order(world, f"{words} A lighthouse")
    world.cluster.work()
    task.refresh_from_db()
    assert task.state == TaskState.UNCLEAR
    return task


def id_at_provider(world: World) -> str:
    [task] = world.sandbox.tasks.values()
    return task.id


def assert_done(world: World, task: Task) -> None:
    task.refresh_from_db()
    assert task.state == TaskState.SUCCEEDED
    assert not alarm_codes()
    assert {file.state for file in File.objects.filter(task=task)} == {FileState.STORED}
    assert not list(ledger.verify())
    assert {balance.held for balance in ledger.balances(task.team)} == {0}


@pytest.mark.parametrize("kind", GATEWAYS)
def test_a_clip_is_ordered_polled_kept_and_booked(world: World, kind: str) -> None:
    enter(world, kind)
    task = order(world)
    world.finish()
    assert_done(world, task)
    assert creates(world) == 1


@pytest.mark.parametrize("kind", GATEWAYS)
def test_a_refusal_costs_nothing_and_is_told(world: World, kind: str) -> None:
    enter(world, kind)
    word = {"relay": "fail FieldInvalid", "vivienne": "fail", "apixo": "fail CONTENT_VIOLATION"}
    task = order(world, f"[{word[kind]}] A lighthouse")
    world.end()
    task.refresh_from_db()
    assert task.state == TaskState.FAILED
    assert ledger.balances(task.team)[0].spent == 0
    assert not list(ledger.verify())


@pytest.mark.parametrize("kind", GATEWAYS)
def test_a_bad_key_pauses_its_credential(world: World, kind: str) -> None:
    enter(world, kind, key="sandbox-bad")
    task = order(world)
    world.cluster.work()
    task.refresh_from_db()
    world.credential.refresh_from_db()
    assert task.state == TaskState.FAILED
    assert world.credential.is_paused


# ---- An ambiguous create, and each of its ways out --------------------------------------------


@pytest.mark.parametrize("kind", GATEWAYS)
def test_an_ambiguous_create_is_unclear_held_and_never_sent_again(world: World, kind: str) -> None:
    enter(world, kind)
    task = unclear(world)
    for _ in range(5):
        world.wait(600)
        sweep.sweep(0)
    task.refresh_from_db()
    assert task.state == TaskState.UNCLEAR
    assert creates(world) == 1
    assert Attempt.objects.get(task=task).state == AttemptState.UNCLEAR


@pytest.mark.parametrize("kind", GATEWAYS)
def test_a_callback_on_its_token_finds_an_unclear_order(public_world: World, kind: str) -> None:
    options = {"callbacks": "on"} if kind == "relay" else {}
    enter(public_world, kind, **options)
    task = unclear(public_world)
    public_world.finish()
    assert_done(public_world, task)
    assert creates(public_world) == 1


@pytest.mark.parametrize("kind", GATEWAYS)
def test_a_person_who_has_the_number_brings_it_back(world: World, kind: str) -> None:
    enter(world, kind)
    task = unclear(world)
    actions.accept_found_id(task, id_at_provider(world), world.membership.user)
    world.finish()
    assert_done(world, task)
    assert AuditEvent.objects.filter(verb="task.found").exists()


@pytest.mark.parametrize("kind", GATEWAYS)
def test_an_id_that_the_provider_does_not_know_changes_nothing(world: World, kind: str) -> None:
    enter(world, kind)
    task = unclear(world, "[drop before]")
    with pytest.raises(actions.NotFound):
        actions.accept_found_id(task, "911026047460327424", world.membership.user)
    task.refresh_from_db()
    assert task.state == TaskState.UNCLEAR


@pytest.mark.parametrize("kind", GATEWAYS)
def test_a_person_may_send_again_what_never_arrived(world: World, kind: str) -> None:
    enter(world, kind)
    task = unclear(world, "[drop before]")
    world.sandbox.reset()
    Task.objects.filter(pk=task.pk).update(prompt="A lighthouse")
    actions.release(task, world.membership.user, send_again=True)
    world.finish()
    assert_done(world, task)
    assert AuditEvent.objects.filter(verb="task.sent_again").exists()


def call_back(world: World, attempt: Attempt, remote_id: str) -> int:
    """Call back as Vivienne does, on an attempt's token; returns the status of the answer."""
    sent = int(world.frozen_clock.at.timestamp())
    body = {"taskNo": remote_id, "status": "success", "timestamp": sent}
    signed = body | {"sign": signature(remote_id, sent, world.key)}
    path = reverse("callback", args=["vivienne", attempt.token])
    return Client().post(path, json.dumps(signed), "application/json").status_code


def test_one_callback_never_names_another_task_of_a_gateway(public_world: World) -> None:
    """Vivienne signs the id with the time; where ours is stored, another one is refused."""
    enter(public_world, "vivienne")
    first, second = order(public_world), order(public_world)
    public_world.cluster.work()
    one, other = public_world.attempt(first), public_world.attempt(second)
    assert one.remote_id != other.remote_id
    assert call_back(public_world, one, other.remote_id) == 403
    assert call_back(public_world, one, one.remote_id) == 200
    public_world.finish()
    assert_done(public_world, first)
    assert_done(public_world, second)


# ---- What only one of them does ---------------------------------------------------------------


@pytest.mark.parametrize(
    "word", ["shape 1", "shape 3", "shape 4", "shape 5", "shape 1] [task not exist"]
)
def test_the_relay_is_understood_in_each_of_its_shapes(world: World, word: str) -> None:
    enter(world, "relay")
    task = order(world, f"[{word}] A lighthouse")
    world.finish()
    assert_done(world, task)


def test_the_path_that_answered_is_remembered_for_the_relays_next_question(world: World) -> None:
    enter(world, "relay")
    order(world, "[shape 1] A lighthouse")
    world.finish()
    world.credential.refresh_from_db()
    assert world.credential.options == {"query_path": "official"}
    before = len(world.sandbox.requests)
    order(world, "[shape 1] A lighthouse again")
    world.finish()
    asked = [each.path for each in world.sandbox.requests[before:] if each.method == "GET"]
    assert not any("vidu-native" in path for path in asked)


def test_vivienne_takes_the_body_that_an_account_describes(world: World) -> None:
    body = (
        '{"model": "{model}", "params": {"prompt": "{prompt}", "duration": "{duration}"},'
        ' "callbackUrl": "{callback_url}"}'
    )
    enter(world, "vivienne", key=f"sandbox-params-{uuid4().hex}", body=body)
    task = order(world)
    world.finish()
    assert_done(world, task)


def test_apixo_is_asked_as_often_as_its_budget_allows_by_all(world: World) -> None:
    """Ten running tasks for two minutes: within the budget, nearly all of it, nobody starved."""
    enter(world, "apixo")
    limit = world.credential.requests_per_minute
    assert limit == 60
    tasks = [order(world, "[stuck] A storm") for _ in range(10)]
    world.cluster.work()
    for _ in range(90):
        world.wait(1)
    assert {task.state for task in Task.objects.all()} <= {TaskState.QUEUED, TaskState.RUNNING}
    start = world.frozen_clock.at.timestamp()
    for _ in range(120):
        world.wait(1)
    times = sorted(each.at for each in world.sandbox.requests)
    most = max(sum(start <= at < start + 60 for at in times) for start in times)
    assert most <= limit
    asked = [each for each in world.sandbox.requests if each.at >= start and each.method == "GET"]
    assert len(asked) >= 0.95 * 2 * limit
    looks = {task.pk: Task.objects.get(pk=task.pk).checks for task in tasks}
    assert min(looks.values()) >= 0.8 * max(looks.values())


def test_apixos_links_live_fifteen_days(world: World) -> None:
    enter(world, "apixo")
    task = order(world)
    world.end()
    file = File.objects.get(task=task)
    assert file.expires_at
    assert (file.expires_at - file.seen_at).days in {14, 15}
