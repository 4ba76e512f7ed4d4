"""The page of one clip: its facts and story, and what a person may decide."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from generations import clock
from generations.billing import ledger
from generations.models import Attempt, File, Membership, Role, Task
from generations.models.tasks import AttemptState, CostBasis, TaskState
from generations.providers.contract import Reason
from generations.web.messages import reasons
from tests.cases import case
from tests.factories import make_credential, make_member, make_tasks, make_user

pytestmark = pytest.mark.django_db
ACTS = ["task_cancel", "task_check", "task_fetch", "task_found", "task_release"]


@pytest.fixture
def order(member: Membership) -> Callable[..., Task]:
    credential = make_credential(team=member.team)

    def make(state: TaskState = TaskState.WAITING, **fields: Any) -> Task:
        (task,) = make_tasks(membership=member, credential=credential)
        Task.objects.filter(pk=task.pk).update(state=state, **fields)
        task.refresh_from_db()
        return task

    return make


@pytest.fixture
def unclear(order: Callable[..., Task]) -> Task:
    task = order(TaskState.UNCLEAR)
    Attempt.objects.filter(task=task).update(state=AttemptState.UNCLEAR, sent_at=clock.now())
    return task


def address(task: Task, name: str = "task") -> str:
    return reverse(name, args=[task.team.slug, task.pk])


def page(client: Client, task: Task, query: str = "") -> str:
    response = client.get(address(task) + query)
    assert response.status_code == 200
    return response.text


def held(task: Task) -> int:
    (balance,) = ledger.balances(task.team)
    return balance.held


def test_who_sees_a_clip_and_who_decides(client: Client, unclear: Task) -> None:
    with case("a stranger"):
        client.force_login(make_user())
        assert client.get(address(unclear)).status_code == 404
        assert {client.post(address(unclear, name)).status_code for name in ACTS} == {404}
    with case("a member of another team through the own team"):
        other = make_member()
        client.force_login(other.user)
        assert client.get(reverse("task", args=[other.team.slug, unclear.pk])).status_code == 404
    with case("a viewer"):
        client.force_login(make_member(team=unclear.team, role=Role.VIEWER).user)
        html = page(client, unclear)
        assert "Decide…" not in html
        assert f'action="{address(unclear, "task_check")}"' not in html
        assert {client.post(address(unclear, name)).status_code for name in ACTS} == {403}


def test_decisions_are_posted_and_the_page_is_read(site: Client, unclear: Task) -> None:
    assert {site.get(address(unclear, name)).status_code for name in ACTS} == {405}
    assert site.post(address(unclear)).status_code == 405


def test_a_ready_clip_plays_and_tells_what_it_is(site: Client, order: Callable[..., Task]) -> None:
    task = order(TaskState.SUCCEEDED, finished_at=clock.now(), accepted_at=clock.now())
    attempts = Attempt.objects.filter(task=task)
    attempts.update(state=AttemptState.ACCEPTED, remote_id="911", cost=40, answered_at=clock.now())
    file = File.objects.create(
        task=task,
        team=task.team,
        role="video",
        state="stored",
        name="a.mp4",
        sha256="9f1c44d0" + "0" * 52 + "e07a",
        size=6_100_000,
        width=1280,
        height=720,
        fps=24.0,
        codec="h264",
        duration_ms=5000,
        stored_at=clock.now(),
    )
    html = page(site, task)
    assert f'src="{reverse("file", args=[file.pk, "clip.mp4"])}"' in html
    assert f"{reverse('file', args=[file.pk, 'clip.mp4'])}?download=1" in html
    assert "1280 × 720" in html
    assert "9f1c 44d0 … e07a" in html
    assert "task ID 911" in html
    assert "Rushes held 35 credits; the provider charged 40 credits." in html
    assert f"{reverse('generate', args=[task.team.slug])}?like={task.pk}" in html


def test_a_clip_that_browsers_do_not_play_says_what_is_seen_and_what_is_downloaded(
    site: Client, order: Callable[..., Task]
) -> None:
    task = order(TaskState.SUCCEEDED, finished_at=clock.now(), accepted_at=clock.now())
    file = File.objects.create(
        task=task,
        team=task.team,
        role="video",
        state="stored",
        name="a.mov",
        codec="hevc",
        content_type="video/quicktime",
        plays_in_browsers=False,
        not_before=clock.now(),
    )
    original = reverse("file", args=[file.pk, "clip.mov"])
    html = page(site, task)
    assert "cannot play this file (HEVC). Rushes is making a copy" in html
    assert f'src="{original}"' in html
    assert 'data-moving="true"' in html, "the page shows the copy once it is made"
    File.objects.filter(pk=file.pk).update(proxy="a.proxy.mp4", not_before=None)
    html = page(site, task)
    assert "The download is the original (HEVC)." in html
    assert f'src="{reverse("file", args=[file.pk, "proxy.mp4"])}"' in html
    assert f'href="{original}?download=1"' in html
    File.objects.filter(pk=file.pk).update(proxy="")
    assert "No copy could be made. Download it to watch it." in page(site, task)


def test_a_file_that_is_not_there_yet_is_no_loss_and_shows_what_the_last_try_met(
    site: Client, order: Callable[..., Task]
) -> None:
    task = order(TaskState.SUCCEEDED, finished_at=clock.now(), accepted_at=clock.now())
    error = "The server answered 404. NoSuchKey"
    file = File.objects.create(
        task=task,
        team=task.team,
        role="video",
        state="fetching",
        last_error=error,
        missing_since=clock.now(),
    )
    html = page(site, task)
    assert "not there yet; Rushes keeps asking" in html
    assert error in html
    assert "expired before" not in html
    File.objects.filter(pk=file.pk).update(state="lost")
    html = page(site, task)
    assert "Rushes goes on asking for it" in html
    assert error in html


def test_a_failed_clip_tells_cause_remedy_credits_and_the_providers_words(
    site: Client, order: Callable[..., Task]
) -> None:
    task = order(TaskState.FAILED, code="Surprise", message="odd <b>thing</b>")
    html = page(site, task)
    assert "for a reason that Rushes does not know" in html
    assert "odd &lt;b&gt;thing" in html
    assert "Surprise" in html
    assert "Your 35 credits were refunded." in html


def test_the_page_asks_again_only_for_what_changed(
    site: Client, order: Callable[..., Task]
) -> None:
    task = order(TaskState.RUNNING, accepted_at=clock.now())
    same = site.get(f"{address(task)}?since={task.version}")
    assert same.status_code == 204
    html = page(site, task, "?since=0")
    assert "<html" not in html
    assert (
        len(re.findall(r'id="(?:screen|story|facts|live)"[^>]*hx-swap-oob="outerMorph"', html)) == 4
    )


def test_a_waiting_clip_is_cancelled_and_all_comes_back(
    site: Client, order: Callable[..., Task]
) -> None:
    task = order()
    assert held(task) == 35
    assert site.post(address(task, "task_cancel")).status_code == 302
    task.refresh_from_db()
    assert task.state == TaskState.CANCELLED
    assert held(task) == 0


def test_too_late_is_said_on_the_page_and_on_the_card_where_it_was_pressed(
    site: Client, order: Callable[..., Task]
) -> None:
    task = order(TaskState.SUCCEEDED, finished_at=clock.now())
    page = site.post(address(task, "task_cancel"), follow=True)
    card = site.post(address(task, "task_cancel"), headers={"HX-Request": "true"})
    for answer in (page, card):
        assert "The order has changed in the meantime. Nothing was changed here." in answer.text


def test_an_unclear_clip_offers_three_decisions_with_what_each_costs(
    site: Client, unclear: Task
) -> None:
    html = page(site, unclear)
    assert "I found it. Its task ID at the provider is:" in html
    assert "35 credits will be refunded. If the provider did receive it," in html
    assert "If the provider did receive the first one, both are charged." in html


def test_an_unclear_clip_that_never_arrived_gives_its_credits_back(
    site: Client, unclear: Task
) -> None:
    site.post(address(unclear, "task_release"))
    unclear.refresh_from_db()
    assert (unclear.state, held(unclear)) == (TaskState.FAILED, 0)


def test_an_unclear_clip_is_sent_again_only_when_a_person_says_so(
    site: Client, unclear: Task
) -> None:
    site.post(address(unclear, "task_release"), {"send_again": "on"})
    unclear.refresh_from_db()
    assert (unclear.state, held(unclear)) == (TaskState.WAITING, 35)
    assert unclear.attempts.count() == 2


def test_a_number_must_be_typed_to_take_an_order_in(site: Client, unclear: Task) -> None:
    response = site.post(address(unclear, "task_found"), {"number": " "}, follow=True)
    assert "Type the provider&#x27;s ID; nothing was changed." in response.text
    unclear.refresh_from_db()
    assert unclear.state == TaskState.UNCLEAR


def test_looking_now_from_the_wall_answers_with_the_card(site: Client, unclear: Task) -> None:
    response = site.post(address(unclear, "task_check"), headers={"HX-Request": "true"})
    assert response.text.strip().startswith(f'<article class="card" id="task-{unclear.pk}"')


def test_every_reason_has_a_cause_and_a_remedy_that_are_sentences() -> None:
    explained = [reasons.explain_order(reason, "Code", "") for reason in Reason]
    explained += [reasons.explain_key(reason, "Said.") for reason in Reason]
    for one in explained:
        assert str(one.cause).endswith(".")
        assert str(one.remedy).endswith(".")


def test_what_is_booked_says_where_it_comes_from_or_that_nobody_knows(
    client: Client, member: Membership, order: Callable[..., Task]
) -> None:
    client.force_login(member.user)
    task = order(TaskState.SUCCEEDED)
    attempts = Attempt.objects.filter(task=task)
    attempts.update(state=AttemptState.ACCEPTED)
    assert "Nobody here knows what it cost." in page(client, task)
    attempts.update(booked=33, booked_basis=CostBasis.PRICE)
    assert "33 credits booked, by the price." in page(client, task)
    attempts.update(cost=33, booked_basis=CostBasis.PROVIDER)
    assert "booked," not in page(client, task)
