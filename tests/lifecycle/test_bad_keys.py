"""A key that is refused pauses itself, says why, and is told of once, however many it stops."""

from threading import Barrier, Thread
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from generations.billing import ledger
from generations.lifecycle import order as ordering
from generations.lifecycle import sweep, transitions
from generations.models import AuditEvent, Credential, Task
from generations.models.tasks import TaskState
from generations.providers.contract import Order, Reason
from tests.factories import make_credential

from .conftest import World

STATUSES = {"Unauthorized": 401, "Forbidden": 403, "CreditInsufficient": 400}
REASONS = {
    "Unauthorized": Reason.KEY_REFUSED,
    "Forbidden": Reason.KEY_NOT_ALLOWED,
    "CreditInsufficient": Reason.CREDITS_SPENT,
}


def notices(world: World) -> list[tuple[str, str]]:
    """Verb and reason of all that was written down of pauses."""
    events = AuditEvent.objects.filter(team=world.membership.team, verb="credential.paused")
    return [(event.subject, event.detail["reason"]) for event in events]


def check_told_once(world: World, reason: str) -> None:
    world.credential.refresh_from_db()
    assert (world.credential.is_paused, world.credential.paused_reason) == (True, reason)
    assert notices(world) == [(world.credential.name, reason)]


@pytest.mark.parametrize("code", STATUSES)
def test_many_orders_that_are_refused_for_the_key_make_one_notice(world: World, code: str) -> None:
    world.sandbox.set_fault(world.key, f"[refuse {code}]", on="create")
    world.order(count=10)
    for _ in range(5):
        world.wait(60)
        sweep.sweep(0)
    check_told_once(world, REASONS[code])
    assert sum(world.posts.values()) == 1
    states = set(Task.objects.values_list("state", "obstacle"))
    assert states == {(TaskState.FAILED, ""), (TaskState.WAITING, "paused")}


@pytest.mark.parametrize("code", STATUSES)
def test_many_questions_that_are_refused_make_one_notice_too(world: World, code: str) -> None:
    world.order("[stuck] A storm", count=5)
    world.cluster.work()
    world.sandbox.set_fault(world.key, f"[refuse {code}]", on="query")
    for _ in range(5):
        world.wait(60)
    check_told_once(world, REASONS[code])
    world.sandbox.set_fault(world.key, "")
    world.wait(600)
    assert set(Task.objects.values_list("state", flat=True)) <= {"queued", "running"}


def test_payment_required_pauses_a_key_as_a_refused_one_does(world: World) -> None:
    world.credential = make_credential(
        team=world.membership.team,
        kind="apixo",
        base_url=world.sandbox.base_url("apixo"),
        name="APIXO",
        key=f"sandbox-broke-{uuid4().hex}",
    )
    wanted = Order("text_to_video", "vidu-q3", "A fox", 5, "720p", "16:9")
    for _ in range(3):
        ordering.order(world.membership, world.credential, wanted, form_token=uuid4().hex)
    world.cluster.work()
    world.credential.refresh_from_db()
    check_told_once(world, world.credential.paused_reason)
    assert sum(request.method == "POST" for request in world.sandbox.requests) == 1
    assert sorted(Task.objects.values_list("state", flat=True)) == ["failed", "waiting", "waiting"]
    assert not list(ledger.verify())


def test_two_who_find_out_at_the_same_instant_tell_it_once(world: World) -> None:
    gate = Barrier(4)

    def find_out(reason: Reason) -> None:
        credential = Credential.objects.select_related("team").get(pk=world.credential.pk)
        gate.wait()
        transitions.pause_credential(credential, reason)
        connection.close()

    threads = [
        Thread(target=find_out, args=[reason]) for reason in [*REASONS.values(), Reason.KEY_SEALED]
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ((name, code),) = notices(world)
    world.credential.refresh_from_db()
    assert (name, code) == (world.credential.name, world.credential.paused_reason)


def test_the_page_of_the_keys_tells_the_reason_once(world: World, client: Client) -> None:
    world.sandbox.set_fault(world.key, "[refuse Forbidden]", on="create")
    world.order(count=3)
    world.wait(60)
    client.force_login(world.membership.user)
    html = client.get(reverse("credentials", args=[world.membership.team.slug])).content.decode()
    assert html.count("The provider does not allow this key to order.") == 1
