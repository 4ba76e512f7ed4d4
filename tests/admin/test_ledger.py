"""The ledger's list: its figures are those of what it shows, and its files hold all of it."""

import csv
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zipfile import ZipFile

import pytest
from django.db import connection
from django.http import StreamingHttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from generations import clock
from generations.admin.ledger import EntryAdmin
from generations.admin.ledger_list import ENTRY_SUMS
from generations.billing import falls, ledger, statements
from generations.models import (
    Account,
    Attempt,
    BalanceFall,
    Claim,
    Credential,
    Entry,
    Membership,
    Team,
    User,
)
from tests.cases import case
from tests.factories import make_credential, make_member, make_tasks, make_user

LIST = reverse("admin:generations_entry_changelist")
type Fill = Callable[[int], list[Membership]]


@pytest.fixture
def books(db: None) -> Team:
    """A team with two people, three keys in two units, and every kind of entry."""
    mei = make_member(user=make_user(name="Mei Tan"))
    jonas = make_member(team=mei.team, user=make_user(name="Jonas Weil"))
    keys = [make_credential(team=mei.team, name=f"Key {number}") for number in range(3)]
    Account.objects.filter(credential=keys[2]).update(unit="cent")
    for key in keys:
        for member, cost in [(mei, 35), (jonas, 45), (mei, None), (jonas, 20)]:
            (task,) = make_tasks(membership=member, credential=key)
            attempt = Attempt.objects.select_related("task", "credential").get(task=task)
            end(attempt, cost)
        ledger.adjust(key, 500, "balance read from the provider")
    ledger.correct(keys[0], 5, "statement", mei.user)
    make_tasks(membership=mei, credential=keys[1])
    return mei.team


def end(attempt: Attempt, cost: int | None) -> None:
    if cost is None:
        ledger.release(attempt)
    else:
        ledger.settle(attempt, cost, failed=cost == 20)


def shown(site: Client, query: str = "") -> Any:
    response = site.get(f"{LIST}?{query}")
    assert response.status_code == 200
    return response.context["cl"]


def summed(cl: Any) -> dict[str, dict[str, int]]:
    """What the entries of a list really sum up to, in each unit."""
    rows = cl.queryset.order_by().values("unit").annotate(**ENTRY_SUMS)
    return {row.pop("unit"): row for row in rows}


def queries() -> list[str]:
    """Every filter alone, and some together."""
    mei, key = User.objects.get(name="Mei Tan").pk, Credential.objects.earliest("pk").pk
    team = Team.objects.get().pk
    alone = [f"team={team}", "unit=credit", "unit=cent", f"credential={key}", f"person={mei}"]
    alone += ["model=viduq2", "model=other", "day=today", "day=week", "day=month", "day=2020"]
    alone += [f"kind={kind}" for kind in ("hold", "settle", "release", "adjust", "correct")]
    alone += [f"kind={kind}" for kind in ("spent", "failed", "refunded", "nothing")]
    alone += ["q=lighthouse", "q=balance", "verdict=none", "verdict=open", "verdict=nothing"]
    return ["", *alone, f"person={mei}&kind=spent&unit=credit", f"credential={key}&q=lighthouse"]


def test_figures_and_the_csv_are_of_exactly_what_the_filters_let_through(
    site: Client, books: Team
) -> None:
    """The figures, the count of the list, and the CSV."""
    for query in queries():
        cl = shown(site, query)
        with case(query):
            assert cl.list_sums.units == summed(cl)
            assert cl.result_count == cl.queryset.count()
            wanted = [f"{entry.amount}" for entry in cl.queryset]
            assert [row["Amount"] for row in exported(site, query)] == wanted


def test_the_old_names_of_kinds_still_filter(site: Client, books: Team) -> None:
    for old, new in (("in_vain", "failed"), ("came_back", "refunded"), ("adopt", "import")):
        queries = [shown(site, f"kind={name}").queryset for name in (old, new)]
        assert list(queries[0]) == list(queries[1]), old
        assert queries[0].exists() is (new != "import")


def test_two_units_have_two_sums_and_no_rows_none(site: Client, books: Team) -> None:
    found = {group.unit: group.sums["spent"] for group in shown(site).units}
    assert found == {"credit": 2 * (35 + 45 + 20) + 5, "cent": 35 + 45 + 20}
    page = site.get(LIST).content.decode()
    assert "$1.00" in page
    assert shown(site, "day=2020").units == []


def page_of(site: Client, page: int) -> list[Entry]:
    return list(shown(site, f"p={page}").result_list)


def test_every_page_has_its_own_rows_and_together_they_are_all(
    site: Client, books: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EntryAdmin, "list_per_page", 4)
    pages = shown(site).paginator.num_pages
    found = [entry.pk for page in range(pages) for entry in page_of(site, page + 1)]
    assert found == list(Entry.objects.order_by("-day", "-pk").values_list("pk", flat=True))


def test_a_page_of_an_older_day_begins_where_the_newer_one_ended(
    site: Client, monkeypatch: pytest.MonkeyPatch, db: None
) -> None:
    monkeypatch.setattr(EntryAdmin, "list_per_page", 4)
    member = make_member()
    key = make_credential(team=member.team)
    for day in (1, 2, 3):
        with clock.frozen(datetime(2026, 11, day, 12, tzinfo=UTC)):
            make_tasks(membership=member, credential=key, count=3)
    pages = shown(site).paginator.num_pages
    found = [entry.pk for page in range(pages) for entry in page_of(site, page + 1)]
    assert found == list(Entry.objects.order_by("-day", "-pk").values_list("pk", flat=True))


def test_days_are_reached_by_year_month_and_day(site: Client, db: None) -> None:
    member = make_member()
    key = make_credential(team=member.team)
    for moment in [(2025, 12, 31), (2026, 10, 2), (2026, 11, 1), (2026, 11, 20)]:
        with clock.frozen(datetime(*moment, 12, tzinfo=UTC)):
            make_tasks(membership=member, credential=key)
    steps = {query: [step.words for step in shown(site, query).steps] for query in WAYS}
    assert steps == WAYS
    assert shown(site, "day=2026-11-20").back.href == "?day=2026-11"
    assert shown(site, "day=2026").back.words == "All days"


WAYS = {
    "": ["2025", "2026"],
    "day=2026": ["October 2026", "November 2026"],
    "day=2026-11": ["1 Nov", "20 Nov"],
    "day=2026-10-01..2026-11-10": ["October 2026", "November 2026"],
}


# ---- The verdict --------------------------------------------------------------------------------


def verdicts(site: Client, query: str) -> list[str]:
    """The words of the verdict of each row, in the list's order."""
    page = site.get(f"{LIST}?{query}").content.decode()
    cells = re.findall(r'<td class="field-judged[^"]*">(.*?)</td>', page, re.DOTALL)
    return [re.sub(r"<[^>]*>", "", cell).strip() for cell in cells]


def test_a_movement_says_whether_the_statement_agrees(site: Client, fill: Fill) -> None:
    fill(1)
    assert verdicts(site, "kind=settle") == ["10 more than booked"]
    claim = Claim.objects.exclude(attempt=None).get()
    statements.dispute(claim, User.objects.earliest("pk"), "we were told less")
    assert verdicts(site, "kind=settle") == ["Disputed: 10 more than booked"]
    statements.accept(claim, User.objects.earliest("pk"))
    assert verdicts(site, "kind=settle") == ["Accepted"]
    assert verdicts(site, "verdict=accepted") == ["Accepted", "Accepted", "–"]


def test_without_a_statement_a_movement_says_what_the_reply_said(site: Client, fill: Fill) -> None:
    fill(1)
    Claim.objects.all().delete()
    Attempt.objects.update(estimate=35, cost=40)
    assert verdicts(site, "kind=settle") == ["5 more than estimated"]
    Attempt.objects.update(cost=30)
    assert verdicts(site, "kind=settle") == ["5 less than estimated"]
    Attempt.objects.update(cost=35)
    assert verdicts(site, "verdict=none") == ["No statement yet"]
    Attempt.objects.update(cost=None)
    assert verdicts(site, "kind=settle") == ["The provider reported no cost"]


def test_what_is_held_for_an_unclear_order_says_so(site: Client, books: Team) -> None:
    open_hold = Entry.objects.filter(kind="hold").latest("pk")
    Attempt.objects.filter(entries=open_hold).update(state="unclear")
    assert verdicts(site, "verdict=unclear") == ["Unclear, held"]


# ---- Files --------------------------------------------------------------------------------------


def exported(site: Client, query: str = "") -> list[dict[str, str]]:
    response = site.get(f"{reverse('admin:generations_entry_csv')}?{query}")
    assert isinstance(response, StreamingHttpResponse)
    text = b"".join(response.streaming_content).decode()
    assert "attachment" in response["Content-Disposition"]
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def test_the_xlsx_holds_the_same_rows_and_no_text_is_a_formula(site: Client, books: Team) -> None:
    Team.objects.update(name="=HYPERLINK(1)")
    assert {row["Team"] for row in exported(site)} == {"'=HYPERLINK(1)"}
    response = site.get(f"{reverse('admin:generations_entry_xlsx')}?kind=spent")
    content = b"".join(response.streaming_content)  # type: ignore[attr-defined]
    with ZipFile(io.BytesIO(content)) as packed:
        sheet = packed.read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("<row ") == 1 + shown(site, "kind=spent").result_count


def test_nobody_else_gets_the_file(client: Client, books: Team) -> None:
    client.force_login(make_member(team=books).user)
    for kind in ("csv", "xlsx"):
        response = client.get(reverse(f"admin:generations_entry_{kind}"), follow=True)
        assert response.status_code == 403


def test_a_list_asks_as_many_queries_for_many_days_as_for_few(
    site: Client, fill: Fill, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    fill(2)
    with CaptureQueriesContext(connection) as few:
        shown(site)
    for day in range(1, 6):
        with clock.frozen(datetime(2026, 11, day, tzinfo=UTC)):
            fill(1)
    with django_assert_num_queries(len(few)):
        shown(site)


# ---- Falls of balances --------------------------------------------------------------------------


def test_a_fall_shows_the_orders_that_may_explain_it_and_then_what_was_booked(
    site: Client, fill: Fill
) -> None:
    (member,) = fill(1)
    fall, attempt = BalanceFall.objects.get(), Attempt.objects.get()
    address = reverse("admin:generations_balancefall_change", args=[fall.pk])
    order = f'href="{reverse("admin:generations_attempt_change", args=[attempt.pk])}"'
    assert site.get(address).content.decode().count(order) == 1
    falls.book(fall, attempt, 30, member.user)
    entry = Entry.objects.get(fall=fall)
    page = site.get(address).content.decode()
    assert order in page  # of what was booked
    of_entry = reverse("admin:generations_entry_change", args=[entry.pk])
    assert of_entry in page
    assert address in site.get(of_entry).content.decode()
    with CaptureQueriesContext(connection) as captured:
        site.get(LIST)
    assert not [query["sql"] for query in captured if "sealed_key" in query["sql"]]
