"""Usage: figures that are the sums of their rows, never over two units, of one's own team alone."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext

from generations import clock
from generations.billing import ledger
from generations.models import (
    Account,
    Attempt,
    Cap,
    Credential,
    Film,
    Membership,
    Role,
    Segment,
    Take,
    Task,
)
from generations.models.tasks import TaskState
from generations.web.usage import views
from generations.web.usage.figures import Spending
from tests.cases import case
from tests.factories import make_credential, make_member, make_tasks, make_user

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
PRICE = 35


@pytest.fixture(autouse=True)
def frozen_clock() -> Iterator[clock.FrozenClock]:
    with clock.frozen(NOON) as frozen_clock:
        yield frozen_clock


@pytest.fixture
def member() -> Membership:
    return make_member(user=make_user(name="Mei Tan"), role=Role.OWNER)


@pytest.fixture
def credential(member: Membership) -> Credential:
    return make_credential(team=member.team)


@pytest.fixture
def site(member: Membership) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def clip(
    member: Membership, credential: Credential, *, cost: int | None = PRICE, failed: bool = False
) -> Task:
    """Ordered and ended: charged ``cost``, or (None) all came back."""
    (task,) = make_tasks(membership=member, credential=credential)
    attempt = Attempt.objects.select_related("task", "credential").get(task=task)
    if cost is None:
        ledger.release(attempt)
    else:
        ledger.settle(attempt, cost, failed=failed)
    return task


def figures(site: Client, member: Membership, query: str = "") -> list[str]:
    page = site.get(f"/t/{member.team.slug}/usage/{query}").content.decode()
    (listed,) = re.findall(r'<ul class="figures".*?</ul>', page, re.DOTALL)
    return re.findall(r"<b>(.*?)</b>", listed)


def rows(site: Client, member: Membership, query: str) -> list[int]:
    """The amounts under a figure."""
    response = site.get(f"/t/{member.team.slug}/usage/rows/?{query}")
    assert response.status_code == 200
    return [entry.amount for entry in response.context["entries"]]


def test_figures_are_told_for_today_and_for_the_period(
    site: Client, member: Membership, credential: Credential, frozen_clock: clock.FrozenClock
) -> None:
    clip(member, credential, cost=40)
    clip(member, credential, cost=20, failed=True)
    clip(member, credential, cost=None)
    frozen_clock.advance(24 * 3600)
    clip(member, credential)
    assert figures(site, member) == ["35", "95", "48", "0"]


def test_every_figure_is_the_sum_of_the_rows_that_it_opens(
    site: Client, member: Membership, credential: Credential
) -> None:
    for cost, failed in [(40, False), (20, True), (None, True)]:
        clip(member, credential, cost=cost, failed=failed)
    page = site.get(f"/t/{member.team.slug}/usage/")
    whole = page.context["spending"].usage.whole
    query = page.context["spending"].query()
    assert sum(rows(site, member, f"what=spent&{query}")) == whole.spent == 60
    assert sum(rows(site, member, f"what=failed&{query}")) == whole.failed == 20
    assert sum(rows(site, member, f"what=refunded&{query}")) == whole.refunded == PRICE


def test_the_words_of_earlier_addresses_still_name_their_figures(
    site: Client, member: Membership, credential: Credential
) -> None:
    clip(member, credential, cost=20, failed=True)
    clip(member, credential, cost=None)
    clip(member, credential)
    for old, new in {"in_vain": "failed", "came_back": "refunded", "taken_in": "imported"}.items():
        with case(old):
            found = rows(site, member, f"what={old}")
            assert found == rows(site, member, f"what={new}")
            assert len(found) == (0 if new == "imported" else 1)


def test_a_try_that_is_made_anew_did_not_come_back(
    site: Client, member: Membership, credential: Credential
) -> None:
    (task,) = make_tasks(membership=member, credential=credential)
    attempt = Attempt.objects.select_related("task", "credential").get(task=task)
    ledger.release(attempt, carried=True)
    following = Attempt.objects.create(
        task=task, credential=credential, ordinal=2, estimate=attempt.estimate
    )
    ledger.hold(following, carried=True)
    page = site.get(f"/t/{member.team.slug}/usage/")
    assert page.context["spending"].usage.whole.refunded == 0


def test_sums_are_told_apart_by_person_model_and_key(
    site: Client, member: Membership, credential: Credential
) -> None:
    other = make_member(team=member.team, user=make_user(name="Jonas Weil"))
    second = make_credential(team=member.team, name="Client key")
    clip(member, credential)
    clip(other, second, cost=80)
    spending = site.get(f"/t/{member.team.slug}/usage/").context["spending"]
    assert [(str(row.label), row.sum.spent) for row in spending.people] == [
        ("Jonas Weil", 80),
        ("Mei Tan", PRICE),
    ]
    assert [(str(row.label), row.sum.spent) for row in spending.keys] == [
        ("Client key", 80),
        ("Studio key", PRICE),
    ]
    assert [(row.label, row.sum.clips) for row in spending.models] == [("viduq2", 2)]
    assert figures(site, member, f"?by={other.user_id}")[1] == "80"
    assert figures(site, member, f"?credential={credential.pk}")[1] == "35"
    assert figures(site, member, "?model=viduq3-pro")[1] == "0"


def test_the_chosen_key_is_named_above_the_sums_and_above_the_rows(
    site: Client, member: Membership, credential: Credential
) -> None:
    clip(member, credential)
    Credential.objects.filter(pk=credential.pk).update(removed_at=NOON)
    foreign = make_credential(team=make_member().team, name="Foreign key")
    base = f"/t/{member.team.slug}/usage"
    expected = {
        f"?credential={credential.pk}": "Studio key",
        f"?credential={foreign.pk}": "Any key",
        "": "Any key",
    }
    for query, name in expected.items():
        with case(query):
            page = site.get(f"{base}/{query}").content.decode()
            chips = re.findall(r'<summary class="chip[^>]*>\s*([^<]*?)\s*<', page)
            assert chips[-1] == name
            listed = site.get(f"{base}/rows/{query}").content.decode()
            assert ("· Studio key" in listed) is (name == "Studio key")
            assert "Foreign key" not in page + listed


def test_a_film_costs_what_all_its_parts_cost(
    site: Client, member: Membership, credential: Credential
) -> None:
    root, shot = (part(member, credential, model) for model in ("one-click", "footage"))
    film = Film.objects.create(team=member.team, task=root, title="Salt and Amber")
    segment = Segment.objects.create(film=film, kind="shot")
    Take.objects.create(film=film, segment=segment, ordinal=0, task=shot)
    clip(member, credential)
    spending = site.get(f"/t/{member.team.slug}/usage/").context["spending"]
    assert [(str(row.label), row.sum.spent) for row in spending.films] == [("Salt and Amber", 480)]
    assert (spending.usage.whole.films, spending.usage.whole.on_clips) == (480, PRICE)
    assert sum(rows(site, member, f"film={film.pk}")) == 480


def part(member: Membership, credential: Credential, model: str) -> Task:
    """A finished order of one of the models that make films."""
    (task,) = make_tasks(membership=member, credential=credential)
    task.model = model
    task.save(update_fields=["model"])
    attempt = Attempt.objects.select_related("task", "credential").get(task=task)
    ledger.settle(attempt, 400 if model == "one-click" else 80)
    return task


def test_two_units_are_never_added(
    site: Client, member: Membership, credential: Credential
) -> None:
    money = make_credential(team=member.team, name="Apixo")
    Account.objects.filter(credential=money).update(unit="cent")
    clip(member, credential)
    clip(member, money, cost=7_487)
    assert figures(site, member, "?unit=credit")[1] == "35"
    assert figures(site, member, "?unit=cent")[1] == "$74.87"
    assert site.get(f"/t/{member.team.slug}/usage/?unit=point").status_code == 404


PERIODS = {
    "?days=7": "35",
    "?days=30": "75",
    "?month=2026-10": "40",
    "?month=": "35",
    "?first=2026-10-01&last=2026-10-31": "40",
    "?first=2026-11-20&last=2026-11-20": "35",
    "?first=2026-10-01": "75",
}


def test_a_period_holds_its_own_days(
    site: Client, member: Membership, credential: Credential
) -> None:
    with clock.frozen(datetime(2026, 10, 31, 23, 59, tzinfo=UTC)):
        clip(member, credential, cost=40)
    clip(member, credential)
    for query, spent in PERIODS.items():
        with case(query):
            asked = QueryDict(query.removeprefix("?"))
            assert Spending(member.team, asked).usage.whole.spent == int(spent)
    assert figures(site, member, query)[1] == spent


NO_PERIODS = (
    *("days=0", "days=x", "days=9999", "month=2026-13", "month=11", "by=x", "credential=x"),
    *("first=2026-11-31", "first=2026-11-20&last=2026-11-19", "first=2020-01-01", "last=x"),
)


@pytest.mark.usefixtures("blank_pages")
def test_what_means_nothing_leads_nowhere(site: Client, member: Membership) -> None:
    for page, query in product(("usage/", "usage/rows/", "usage.csv"), NO_PERIODS):
        with case((page, query)):
            assert site.get(f"/t/{member.team.slug}/{page}?{query}").status_code == 404
    for query in ("what=all", "before=x", "before=2026-11-20~x"):
        with case(query):
            assert site.get(f"/t/{member.team.slug}/usage/rows/?{query}").status_code == 404


def test_rows_come_in_pages_and_none_twice(
    site: Client, member: Membership, credential: Credential, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "PAGE", 5)
    make_tasks(membership=member, credential=credential, count=6)
    for attempt in Attempt.objects.select_related("task", "credential"):
        ledger.settle(attempt, attempt.pk)
    first = site.get(f"/t/{member.team.slug}/usage/rows/")
    before = first.context["next"]
    found = rows(site, member, "") + rows(site, member, f"before={before}")
    assert sorted(found) == sorted(Attempt.objects.values_list("pk", flat=True))


def test_the_csv_says_what_the_page_says(
    site: Client, member: Membership, credential: Credential
) -> None:
    Credential.objects.update(name="=cmd()")
    clip(member, credential, cost=40)
    clip(member, credential, cost=20, failed=True)
    clip(member, credential, cost=None)
    response = site.get(f"/t/{member.team.slug}/usage.csv?days=7")
    text = b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]
    assert 'filename="usage-' in response["Content-Disposition"]
    assert list(csv.reader(io.StringIO(text[1:])))[1:] == [
        ["2026-11-20", "Mei Tan", "viduq2", "'=cmd()", "credit", "1", "60", "0", "20", "35", "0"]
    ]


def test_a_person_who_left_the_team_is_still_named(
    site: Client, member: Membership, credential: Credential
) -> None:
    other = make_member(team=member.team, user=make_user(name="Jonas Weil"))
    clip(other, credential)
    other.delete()
    page = site.get(f"/t/{member.team.slug}/usage/?by={other.user_id}").content.decode()
    assert '<summary class="chip chosen">Jonas Weil' in page


def test_another_teams_credits_and_people_are_nowhere(
    site: Client, member: Membership, credential: Credential
) -> None:
    stranger = make_member(user=make_user(name="Stranger Tan"))
    clip(stranger, make_credential(team=stranger.team), cost=987_654)
    for part in ("", "rows/"):
        response = site.get(f"/t/{member.team.slug}/usage/{part}?by={stranger.user_id}")
        page = response.content.decode()
        assert "987,654" not in page
        assert "Stranger Tan" not in page
    assert rows(site, member, "") == []


def test_caps_near_their_end_are_shown_ones_own_and_the_teams(
    site: Client, member: Membership, credential: Credential
) -> None:
    other = make_member(team=member.team, user=make_user(name="Jonas Weil"))
    for user, amount in [(None, 40), (member.user, 35), (other.user, 500)]:
        Cap.objects.create(team=member.team, user=user, unit="credit", amount=amount)
    make_tasks(membership=member, credential=credential)
    page = site.get(f"/t/{member.team.slug}/usage/").content.decode()
    assert "only 5 left" in page
    assert "used up" in page
    assert "of 500 credits" not in page


def test_it_asks_as_many_queries_for_many_rows_as_for_few(
    site: Client, member: Membership, credential: Credential
) -> None:
    clip(member, credential)
    Cap.objects.create(team=member.team, unit="credit", amount=1_000)
    address = f"/t/{member.team.slug}/usage/"
    site.get(address)
    few = queries(site, address)
    for number in range(5):
        other = make_member(team=member.team, user=make_user())
        key = make_credential(team=member.team, name=f"Key {number}")
        clip(other, key, cost=number)
        Cap.objects.create(team=member.team, user=other.user, unit="credit", amount=1)
    assert queries(site, address) == few
    assert few <= 20


def test_what_nobody_knows_stands_beside_the_sum_and_is_never_0(
    site: Client, member: Membership, credential: Credential
) -> None:
    clip(member, credential, cost=40)
    with case("beside what is known"):
        (task,) = make_tasks(membership=member, credential=credential)
        unknown = Attempt.objects.select_related("task", "credential").get(task=task)
        Task.objects.filter(pk=task.pk).update(state=TaskState.SUCCEEDED)
        ledger.settle(unknown, None)
        spent = '40 <span class="unknown-cost">+ 1 not known</span>'
        assert figures(site, member)[:3] == [spent, spent, "40"]
        page = site.get(f"/t/{member.team.slug}/usage/")
        assert page.text.count("+ 1 not known") == 6  # with day, person, model and key
        assert page.context["spending"].bars[-1].has_unknown
    with case("alone"):
        page = site.get(f"/t/{member.team.slug}/usage/rows/?what=unknown")
        assert len(re.findall(r'number strong">\s*not known', page.text)) == 1
        other = make_credential(team=member.team, name="Client key")
        (task,) = make_tasks(membership=member, credential=other)
        Task.objects.filter(pk=task.pk).update(state=TaskState.SUCCEEDED)
        ledger.settle(Attempt.objects.select_related("task", "credential").get(task=task), None)
        assert figures(site, member, f"?credential={other.pk}")[1:3] == ["1 not known", "–"]


def queries(site: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert site.get(address).status_code == 200
    return len(captured)


def test_a_team_without_a_key_sees_nothing_spent(site: Client, member: Membership) -> None:
    assert figures(site, member) == ["0", "0", "–", "0"]
