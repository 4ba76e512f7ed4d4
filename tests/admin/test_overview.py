"""The first page: each figure is the sum, or the number, of the rows that it opens."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from generations import clock
from generations.billing import ledger
from generations.models import Attempt, Cap, Entry, File, Membership, Task
from tests.factories import make_credential, make_member, make_tasks

FRIDAY = datetime(2026, 11, 20, 12, tzinfo=UTC)
type Fill = Callable[[int], list[Membership]]


@pytest.fixture(autouse=True)
def frozen_clock() -> Iterator[clock.FrozenClock]:
    with clock.frozen(FRIDAY) as frozen_clock:
        yield frozen_clock


@pytest.fixture
def member(db: None) -> Membership:
    """Paid 40 last month, 35 last week, 45 on Wednesday and 20 today, these in vain."""
    member = make_member()
    key = make_credential(team=member.team)
    for days, cost in [(25, 40), (7, 35), (2, 45), (0, 20)]:
        with clock.frozen(FRIDAY - timedelta(days=days)):
            (task,) = make_tasks(membership=member, credential=key)
            attempt = Attempt.objects.select_related("task", "credential").get(task=task)
            ledger.settle(attempt, cost, failed=cost == 20)
    make_tasks(membership=member, credential=key)
    return member


def page(site: Client) -> Any:
    response = site.get(reverse("admin:index"))
    assert response.status_code == 200
    return response.context


def figures(site: Client) -> dict[str, tuple[int, str]]:
    """Of the only unit: amount and address by its words."""
    (unit,) = page(site)["units"]
    return {str(one.words): (one.amount, one.href) for one in unit.figures}


def test_what_was_spent_is_told_for_today_the_week_and_the_month(
    site: Client, member: Membership
) -> None:
    told = {words: amount for words, (amount, _href) in figures(site).items()}
    assert told == {
        "Spent today": 20,
        "This week": 65,
        "This month": 100,
        "Held now": 35,
        "Failed this month": 20,
    }


def test_every_amount_is_the_sum_of_the_rows_that_it_opens(
    site: Client, member: Membership
) -> None:
    for words, (amount, href) in figures(site).items():
        rows = site.get(href).context["cl"].queryset
        held = words == "Held now"
        assert sum(row.balance if held else row.amount for row in rows) == amount, words


def test_every_trouble_is_the_number_of_the_rows_that_it_opens(
    site: Client, member: Membership, fill: Fill
) -> None:
    fill(1)
    Task.objects.filter(pk=Task.objects.latest("pk").pk).update(state="unclear")
    Cap.objects.update(amount=40)
    for state, hours in [("remote", 1), ("fetching", 2), ("remote", 48), ("lost", -1)]:
        File.objects.create(
            task=Task.objects.earliest("pk"),
            team=member.team,
            role="video",
            ordinal=hours + 5,
            state=state,
            expires_at=clock.now() + timedelta(hours=hours),
        )
    troubles = page(site)["alarms"]
    told = {str(one.words): one.amount for one in troubles}
    assert told == {
        "Unclear orders": 1,
        "Results at risk": 2,
        "Results lost": 1,
        "Caps nearly used up": 1,
        "Open differences": 2,
        "Unexplained falls of balances": 1,
    }
    for one in troubles:
        assert site.get(one.href).context["cl"].result_count == one.amount, one.words


def test_what_failed_and_was_charged_leads_to_its_task(site: Client, member: Membership) -> None:
    (entry,) = page(site)["charged_failed"]
    assert entry == Entry.objects.get(failed=True)
    shown = site.get(reverse("admin:index")).content.decode()
    assert reverse("admin:generations_task_change", args=[entry.attempt.task_id]) in shown


def test_it_asks_as_many_queries_for_many_teams_as_for_few(site: Client, fill: Fill) -> None:
    fill(2)
    site.get(reverse("admin:index"))
    few = queries(site)
    fill(6)
    assert queries(site) == few


def queries(site: Client) -> int:
    with CaptureQueriesContext(connection) as captured:
        page(site)
    return len(captured)
