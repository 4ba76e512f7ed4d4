"""One search box and seven filters: what they find, in which script, and by which index."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from generations import clock
from generations.models import Attempt, Membership, Role, Task
from generations.models import search as index
from generations.models.search import found
from generations.models.tasks import TaskState
from generations.sharing import collections
from tests.cases import case
from tests.factories import make_credential, make_member, make_tasks, make_user
from tests.shared_clips import make_file

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(member: Membership) -> Callable[..., Task]:
    credential = make_credential(team=member.team)

    def make(prompt: str, **fields: Any) -> Task:
        (task,) = make_tasks(membership=member, credential=credential, prompt=prompt)
        Task.objects.filter(pk=task.pk).update(**fields)
        return task

    return make


def ask(member: Membership, text: str) -> list[int]:
    tasks = found(Task.objects.for_team(member.team), member.team, text)
    return sorted(tasks.values_list("pk", flat=True))


# ---- Words ---------------------------------------------------------------------------------

ALLEY = "雨夜的老城小巷，红灯笼倒映在青石板上，一只白猫缓缓走过，电影感特写"


def test_chinese_words_of_any_length_are_found_anywhere(
    member: Membership, order: Callable[..., Task]
) -> None:
    alley = order(ALLEY)
    order("雪山之巅，一只鹰，远景")
    # Among them the first and the last two letters, with a space behind them, and one letter alone.
    for text in ("灯笼", "红灯笼", "特写", "特写 ", "雨夜", "猫", "灯笼 白猫", "青石板上，一只"):
        with case(text):
            assert ask(member, text) == [alley.pk]
    for text in ("灯塔", "笼灯", "红灯笼 黑猫", "写。"):
        with case(text):
            assert ask(member, text) == []


def test_latin_words_are_found_whatever_their_case_and_each_by_itself(
    member: Membership, order: Callable[..., Task]
) -> None:
    one = order('A Lighthouse at dusk, 50% waves, they say "dusk"')
    order("A night train")
    for text in ("LIGHTHOUSE", "house", "dusk waves", "at", 'say "dusk"', "50%"):
        with case(text):
            assert one.pk in ask(member, text)


def test_signs_of_a_query_language_are_letters_like_others(
    member: Membership, order: Callable[..., Task]
) -> None:
    order("Dunes without end")
    for text in ("*", "100%", "_", "NEAR(", '"', "'", "\\", "AND", "a" * 300):
        with case(text):
            assert ask(member, text) == []
            one = order(f"Dunes {text} without end")
            assert ask(member, text) == [one.pk]
            Task.objects.filter(pk=one.pk).update(prompt="Dunes")


def test_a_prompt_that_changed_leaves_no_word_behind(
    member: Membership, order: Callable[..., Task]
) -> None:
    task = order("A lighthouse")
    Task.objects.filter(pk=task.pk).update(prompt="A windmill")
    assert ask(member, "lighthouse") == []
    assert ask(member, "windmill") == [task.pk]


def test_a_task_is_found_by_its_number_and_by_the_providers(
    member: Membership, order: Callable[..., Task]
) -> None:
    task, _other = order("Dunes"), order("Dunes")
    Attempt.objects.filter(task=task).update(remote_id="911026047460327424")
    assert ask(member, "911026047460327424") == [task.pk]
    assert task.pk in ask(member, str(task.pk))
    assert ask(member, "9" * 40) == []


def test_a_person_is_found_by_a_part_of_the_name_or_the_start_of_the_address(
    member: Membership, order: Callable[..., Task]
) -> None:
    mine = order("Dunes").pk
    jonas = make_member(
        team=member.team, role=Role.PRODUCER, user=make_user(name="Jonas", email="jo@example.com")
    )
    (his,) = make_tasks(membership=jonas, credential=member.team.credentials.get())
    assert ask(member, "tanaka") == [mine]
    assert ask(member, "jo@exam") == [his.pk]
    assert ask(member, "jonas lighthouse") == [his.pk]
    assert ask(member, "example.com") == []


def test_another_teams_words_and_people_are_not_found(
    member: Membership, order: Callable[..., Task]
) -> None:
    other = make_member(user=make_user(name="Mei Lin"))
    make_tasks(membership=other, credential=make_credential(team=other.team), prompt=ALLEY)
    assert ask(member, "灯笼") == []
    assert ask(member, "lin") == []


def test_what_is_found_too_often_for_the_index_is_found_by_reading_on(
    member: Membership, order: Callable[..., Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "MOST_HITS", 1)
    monkeypatch.setattr(index, "MOST_TRIGRAMS", 1)
    two = sorted([order(f"{ALLEY} dunes").pk, order("灯笼, dunes").pk])
    for text in ("灯笼", "dunes"):
        with case(text):
            assert ask(member, text) == two


class AnyText(TestCase):
    member: ClassVar[Membership]
    task: ClassVar[Task]

    @classmethod
    def setUpTestData(cls) -> None:
        cls.member = make_member(user=make_user(name="Zoë", email="zz@example.com"))
        credential = make_credential(team=cls.member.team)
        (cls.task,) = make_tasks(membership=cls.member, credential=credential)

    @settings(max_examples=60, deadline=None)
    @given(
        st.text(st.sampled_from("灯笼红猫abAB 。"), min_size=1, max_size=9),
        st.text(st.sampled_from("灯笼红猫abAB"), min_size=1, max_size=4),
    )
    def test_a_word_is_found_exactly_where_a_prompt_holds_it(self, prompt: str, word: str) -> None:
        Task.objects.filter(pk=self.task.pk).update(prompt=f"x{prompt}")
        held = word.lower() in f"x{prompt}".lower()
        assert bool(ask(self.member, word)) == held


@pytest.mark.sqlite
def test_the_index_follows_every_prompt_so_its_triggers_are_there() -> None:
    """A migration that makes the table anew loses them: it has to install them again."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        names = {row[0] for row in cursor.fetchall()}
    wanted = {f"generations_search_{verb}" for verb in ("insert", "update", "delete")}
    assert wanted <= names


@pytest.mark.sqlite
def test_a_rare_word_is_looked_up_and_the_tasks_are_not_read_for_it(
    member: Membership, order: Callable[..., Task]
) -> None:
    order(f"A lighthouse. {ALLEY}")
    for text in ("灯笼", "lighthouse"):
        with CaptureQueriesContext(connection) as captured:
            ask(member, text)
        with case(text):
            assert not [
                one
                for one in captured.captured_queries
                if "LIKE" in one["sql"] and "generations_task" in one["sql"]
            ]


@pytest.mark.postgres
def test_postgresql_has_its_index_of_runs() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'task_prompt_runs'")
        (definition,) = cursor.fetchone() or ("",)
    assert "gin_trgm_ops" in definition


# ---- The page -------------------------------------------------------------------------------


@pytest.fixture
def signed_in(client: Client, member: Membership) -> Client:
    client.force_login(member.user)
    return client


def see(client: Client, member: Membership, **query: object) -> str:
    address = f"{reverse('gallery', args=[member.team.slug])}?{urlencode(query)}"
    response = client.get(address)
    assert response.status_code == 200, address
    return response.text


def shown(html: str) -> list[int]:
    return sorted(int(one) for one in re.findall(r'<article[^>]* data-task="(\d+)"', html))


def cards(client: Client, member: Membership, **query: object) -> list[int]:
    """The clips that the gallery shows, as a script asks for older ones: without the page."""
    query["before"] = "2199-01-01T00:00:00Z~1"
    address = reverse("gallery", args=[member.team.slug])
    response = client.get(f"{address}?{urlencode(query)}", headers={"HX-Request": "true"})
    assert response.status_code == 200, address
    return shown(response.text)


def test_each_filter_shows_what_it_says(
    signed_in: Client, member: Membership, order: Callable[..., Task]
) -> None:
    other_key = make_credential(team=member.team, name="Second key")
    one = order("Dunes", kind="image_to_video", model="viduq1", state=TaskState.FAILED)
    order("Dunes")
    (keyed,) = make_tasks(membership=member, credential=other_key)
    assert cards(signed_in, member, kind="image_to_video") == [one.pk]
    with case("the word that addresses had before"):
        assert cards(signed_in, member, kind="img2video") == [one.pk]
    assert cards(signed_in, member, model="viduq1") == [one.pk]
    assert cards(signed_in, member, state="failed") == [one.pk]
    assert cards(signed_in, member, key=other_key.pk) == [keyed.pk]
    assert len(cards(signed_in, member, by=member.user_id)) == 3
    assert cards(signed_in, member, by=10**9) == []


def test_days_are_whole_and_in_the_calendar_of_the_site(
    signed_in: Client, member: Membership, order: Callable[..., Task]
) -> None:
    first = order("Dunes", created_at=datetime(2026, 11, 3, 0, 0, tzinfo=UTC))
    last = order("Dunes", created_at=datetime(2026, 11, 5, 23, 59, 59, tzinfo=UTC))
    order("Dunes", created_at=datetime(2026, 11, 6, 0, 0, tzinfo=UTC))
    query = {"from": "2026-11-03", "to": "2026-11-05"}
    assert cards(signed_in, member, **query) == sorted([first.pk, last.pk])
    assert cards(signed_in, member, to="2026-11-03") == [first.pk]


def test_a_collection_is_a_filter_and_so_is_being_in_none(
    signed_in: Client, member: Membership
) -> None:
    filed, loose = make_file(member), make_file(member)
    collection = collections.make(member.team, member.user, "Night ferry")
    collections.add(collection, [filed.pk], member.user)
    assert cards(signed_in, member, collection=collection.pk) == [filed.task_id]
    assert cards(signed_in, member, collection="none") == [loose.task_id]
    collections.take_out(collection.items.get())
    assert cards(signed_in, member, collection=collection.pk) == []
    assert len(cards(signed_in, member, collection="none")) == 2
    other = make_member()
    theirs = collections.make(other.team, other.user, "Theirs")
    collections.add(theirs, [make_file(other).pk], other.user)
    assert cards(signed_in, member, collection=theirs.pk) == []


def test_the_address_tells_the_whole_view_and_each_chip_changes_one_part_of_it(
    signed_in: Client, member: Membership, order: Callable[..., Task]
) -> None:
    order("Dunes", state=TaskState.FAILED)
    today = clock.now().date().isoformat()
    query = {"q": "dunes", "state": "failed", "from": today, "model": "viduq2"}
    html = see(signed_in, member, **query)
    assert len(shown(html)) == 1
    assert ">Today<" in html
    links = [one.replace("&amp;", "&") for one in re.findall(r'href="(\?[^"]*)"', html)]
    without_state = urlencode({name: query[name] for name in query if name != "state"})
    assert f"?{without_state}" in links
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', html))
    assert query.items() - {("q", "dunes")} <= hidden.items()
    live = re.search(r'data-query="([^"]*)"', html)
    assert live
    assert live[1].replace("&amp;", "&") == urlencode(query)


def test_a_search_with_all_filters_takes_as_many_queries_for_many_clips_as_for_few(
    signed_in: Client, member: Membership, order: Callable[..., Task]
) -> None:
    query = {"q": "灯笼 alley", "kind": "text_to_video", "from": "2026-01-01", "collection": "none"}

    def count() -> int:
        see(signed_in, member, **query)
        with CaptureQueriesContext(connection) as captured:
            see(signed_in, member, **query)
        return len(captured.captured_queries)

    order(f"An alley. {ALLEY}", state=TaskState.SUCCEEDED)
    few = count()
    for _ in range(10):
        order(f"An alley. {ALLEY}", state=TaskState.SUCCEEDED)
    assert count() == few <= 25


def test_a_new_clip_that_the_search_does_not_find_stays_away_from_the_page(
    signed_in: Client, member: Membership, order: Callable[..., Task]
) -> None:
    order(ALLEY, state=TaskState.FAILED)
    html = see(signed_in, member, q="灯笼")
    cursor = re.search(r'data-since="([^"]*)"', html)
    assert cursor
    order("Dunes")
    fresh = order(ALLEY)
    changes = reverse("changes", args=[member.team.slug])
    query = urlencode({"since": cursor[1], "q": "灯笼"})
    answer = signed_in.get(f"{changes}?{query}", headers={"HX-Request": "true"})
    assert shown(answer.text) == [fresh.pk]
