"""A task's timeline: all that happened, in the order of time, and no secret in it."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from generations.admin.timeline import Timeline
from generations.billing import statements
from generations.models import Attempt, Claim, Membership, Task, User, audit

type Fill = Callable[[int], list[Membership]]


@pytest.fixture
def task(fill: Fill) -> Task:
    """Ordered, sent, rung for, settled, kept, claimed and looked into by a person."""
    (member,) = fill(1)
    task = Task.objects.select_related("team", "credential", "created_by").get()
    Attempt.objects.update(answered_at=task.created_at)
    Task.objects.update(state="succeeded", finished_at=task.created_at, checks=3)
    audit.record(task.team, member.user, "task.fetched_again", task)
    claim = Claim.objects.exclude(attempt=None).get()
    statements.dispute(claim, User.objects.earliest("pk"), "We were told 40.")
    return Task.objects.select_related("team", "credential", "created_by").get()


def words(task: Task) -> list[str]:
    return [str(line.title) for line in Timeline(task).lines]


def test_everything_that_happened_is_in_one_column(task: Task) -> None:
    assert set(words(task)) == {
        *("Ordered", "Hold", "Sent", "Accepted", "Callback received", "Settle"),
        *("Finished at the provider", "Link seen", "On a statement", "Disputed"),
        "task.fetched_again",
    }


def test_it_is_in_the_order_of_time(task: Task) -> None:
    lines = Timeline(task).lines
    assert [line.at for line in lines] == sorted(line.at for line in lines)
    assert words(task)[0] == "Ordered"


def test_what_the_provider_said_is_there_without_our_secrets(site: Client, task: Task) -> None:
    attempt = Attempt.objects.get()
    raw = [text for line in Timeline(task).lines for _name, text in line.raw]
    assert len(raw) == 4  # the reply, the last report, and headers and body of the ring
    assert all("•••" in text for text in raw)
    page = site.get(reverse("admin:generations_task_change", args=[task.pk])).content.decode()
    assert "<details" in page
    assert attempt.token not in page
    assert attempt.reference not in page


def test_the_three_amounts_stand_over_it(site: Client, task: Task) -> None:
    Attempt.objects.update(estimate=35, cost=40)
    page = site.get(reverse("admin:generations_task_change", args=[task.pk])).content.decode()
    places = [page.index(f"<dd>{amount}</dd>") for amount in ("35 credits", "40 credits")]
    assert places == sorted(places)
    assert ">50 credits</a>" in page


def test_a_task_that_was_never_sent_has_a_timeline_too(site: Client, fill: Fill) -> None:
    fill(1)
    Attempt.objects.update(sent_at=None, state="ready", reply="", report="")
    assert words(Task.objects.get())[:1] == ["Ordered"]
