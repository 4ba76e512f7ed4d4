"""The database is locked, read-only or full: a plain page, nothing half, and all is found again."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, suppress
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from django.core.files.storage import default_storage
from django.db import DatabaseError
from django.test import Client
from django.urls import reverse

from generations.billing import ledger
from generations.lifecycle import fetch, poll, send, sweep
from generations.media import Facts, inspect
from generations.models import Attempt, Entry, File, Task
from generations.models.tasks import AttemptState, TaskState
from generations.net.client import run_flow
from generations.providers.contract import Flow, Receipt
from generations.teams import provider_access

from . import database_faults
from .conftest import World, alarm_codes

type Fault = Callable[[], AbstractContextManager[None]]
ENGLISH = "The database is not responding"
any_fault = pytest.mark.parametrize(
    "begin", database_faults.FAULTS.values(), ids=database_faults.FAULTS
)
# On a full disk what changes a row in its place still goes through.
takes_nothing = pytest.mark.parametrize(
    "begin", [database_faults.locked, database_faults.read_only]
)


@pytest.fixture
def visitor(world: World) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(world.membership.user)
    return client


def press(visitor: Client, world: World, *, language: str = "en") -> tuple[int, str]:
    fields = {
        "credential": world.credential.pk,
        "kind": "text_to_video",
        "model": "viduq2",
        "prompt": "A lighthouse at dusk. " * 40,
        "duration": 5,
        "resolution": "720p",
        "aspect_ratio": "16:9",
        "count": 4,
        "form_token": "one-press",
    }
    address = reverse("generate", args=[world.membership.team.slug])
    response = visitor.post(address, fields, headers={"Accept-Language": language})
    return response.status_code, response.content.decode()


def check_nothing_is_half(world: World, tasks: int) -> None:
    """Each task has its attempt and its hold, and the books hold."""
    assert Task.objects.count() == Attempt.objects.count() == tasks
    assert Entry.objects.filter(kind="hold").count() == tasks
    assert not list(ledger.verify())


@any_fault
def test_a_press_is_answered_by_a_plain_page_and_orders_nothing_until_the_next(
    world: World, visitor: Client, begin: Fault
) -> None:
    with begin():
        status, page = press(visitor, world)
        _, chinese = press(visitor, world, language="zh-hans")
        gallery = visitor.get(reverse("gallery", args=[world.membership.team.slug]))
    assert status == 503
    assert ENGLISH in page
    assert "zh-Hans" in chinese
    assert not any(word in page for word in ("Traceback", "Error", "sqlite", "psycopg"))
    # It may fail to remember which team was looked at.
    assert gallery.status_code == 200 or ENGLISH in gallery.content.decode()
    assert gallery.headers.get("Retry-After", "10") == "10"
    check_nothing_is_half(world, 0)
    assert press(visitor, world)[0] == 303
    assert press(visitor, world)[0] == 303
    check_nothing_is_half(world, 4)


def work_in(begin: Fault, runner: asyncio.Runner, world: World) -> None:
    """Every kind of job, each of which may fail in its own way."""
    with begin():
        with suppress(DatabaseError):
            send.send(world.credential.pk)
        with suppress(DatabaseError):
            poll.go_round(runner, poll.EnqueueThrottle())
        with suppress(DatabaseError):
            fetch.fetch(0)
        with suppress(DatabaseError):
            sweep.sweep(0)


def let_leases_end(world: World) -> None:
    world.frozen_clock.advance(timedelta(minutes=2).total_seconds())
    world.sandbox.advance(120)
    sweep.sweep(0)
    world.cluster.work()


@any_fault
def test_whatever_fails_in_it_is_found_again_by_the_sweep(world: World, begin: Fault) -> None:
    world.order(count=8)
    with asyncio.Runner() as runner:
        for _ in range(12):
            work_in(begin, runner, world)
            world.cluster.lose()
            world.wait(5)
    let_leases_end(world)
    world.finish()
    assert set(Task.objects.values_list("state", flat=True)) == {TaskState.SUCCEEDED}
    assert not alarm_codes()
    world.check_books(spent=280)


@takes_nothing
def test_an_answer_that_cannot_be_written_down_leaves_the_order_unclear_and_is_found(
    world: World, begin: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The paid POST has left, and then the database takes nothing."""
    world.order(count=4)
    with ExitStack() as fault, monkeypatch.context() as patch:

        def then_the_database_fails(flow: Flow[Receipt], http: httpx.Client) -> Receipt:
            receipt = run_flow(flow, http)
            fault.enter_context(begin())
            return receipt

        patch.setattr(provider_access, "run_flow", then_the_database_fails)
        with pytest.raises(DatabaseError):
            send.send(world.credential.pk)
    assert Attempt.objects.filter(state=AttemptState.SENT).count() == 1
    world.cluster.lose()
    let_leases_end(world)
    world.finish()
    assert set(Task.objects.values_list("state", flat=True)) == {TaskState.SUCCEEDED}
    assert sum(world.posts.values()) == 4
    world.check_books(spent=140)


@takes_nothing
def test_a_file_that_cannot_be_written_down_is_not_called_stored_and_comes_again(
    world: World, begin: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.order("[no cover] A lighthouse")
    world.end()
    world.cluster.lose()
    with ExitStack() as fault, monkeypatch.context() as patch:

        def then_the_database_fails(body: Path, folder: Path, *, timeout: float) -> Facts:
            facts = inspect(body, folder, timeout=timeout)
            fault.enter_context(begin())
            return facts

        patch.setattr(fetch, "inspect", then_the_database_fails)
        with pytest.raises(DatabaseError):
            fetch.fetch(0)
    file = File.objects.get()
    assert (file.state, file.sha256) == ("fetching", "")
    let_leases_end(world)
    world.finish()
    file.refresh_from_db()
    assert file.is_stored
    assert default_storage.exists(file.name)


def test_a_fault_of_our_own_is_answered_by_a_plain_page_too(
    visitor: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("a secret of the stack")

    monkeypatch.setattr(ledger, "balances", broken)
    response = visitor.get(reverse("members", args=[world.membership.team.slug]))
    assert response.status_code == 500
    html = response.content.decode()
    assert "Something went wrong" in html
    assert "secret" not in html
