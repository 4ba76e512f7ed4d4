"""The wall: who sees it, what each state shows, paging, filters, and what changed since."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from generations import clock
from generations.models import Attempt, File, Membership, Task, Team
from generations.models.tasks import TaskState
from generations.web.gallery import views
from tests.factories import make_credential, make_member, make_tasks, make_user

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def order(member: Membership) -> Callable[..., Task]:
    credential = make_credential(team=member.team)

    def make(state: TaskState = TaskState.WAITING, *, prompt: str = "Dunes", **fields: Any) -> Task:
        (task,) = make_tasks(membership=member, credential=credential, prompt=prompt)
        Task.objects.filter(pk=task.pk).update(state=state, **fields)
        return task

    return make


def wall(team: Team) -> str:
    return reverse("gallery", args=[team.slug])


def see(client: Client, team: Team, query: str = "", **headers: str) -> str:
    response = client.get(f"{wall(team)}{query}", headers=headers or None)
    assert response.status_code == 200
    return response.content.decode()


def numbers(html: str) -> list[int]:
    """The tasks whose cards stand in a page, in order."""
    return [int(number) for number in re.findall(r'<article[^>]* data-task="(\d+)"', html)]


def since(html: str) -> str:
    found = re.search(r'data-since="([^"]*)"', html)
    assert found
    return found[1]


def keep(task: Task, **fields: Any) -> File:
    """A stored video of a task."""
    Task.objects.filter(pk=task.pk).update(state=TaskState.SUCCEEDED, finished_at=clock.now())
    stored = {"state": "stored", "name": "a.mp4", "poster": "a.webp", "preview": "b.mp4"}
    shape = {"width": 640, "height": 360, "duration_ms": 5000, "size": 6_100_000}
    return File.objects.create(task=task, team=task.team, part="video", **stored | shape | fields)


def test_a_stranger_gets_404_and_a_guest_is_asked_to_sign_in(
    client: Client, member: Membership
) -> None:
    assert client.get(wall(member.team)).status_code == 302
    client.force_login(make_user())
    assert client.get(wall(member.team)).status_code == 404
    assert client.get(reverse("changes", args=[member.team.slug])).status_code == 404


def test_the_gallery_and_its_changes_are_only_read(site: Client, member: Membership) -> None:
    assert site.post(wall(member.team)).status_code == 405
    assert site.post(reverse("changes", args=[member.team.slug])).status_code == 405


def test_an_empty_team_is_told_what_to_do_first(site: Client, member: Membership) -> None:
    html = see(site, member.team)
    assert "Nothing on the reel yet" in html
    assert reverse("generate", args=[member.team.slug]) in html


def test_another_teams_clips_are_not_shown(
    site: Client, member: Membership, order: Callable[..., Task]
) -> None:
    mine = order()
    other = make_member()
    make_tasks(membership=other, credential=make_credential(team=other.team))
    assert numbers(see(site, member.team)) == [mine.pk]


@pytest.mark.parametrize(
    ("state", "fields", "words"),
    [
        (TaskState.WAITING, {}, ["in line", "Waiting"]),
        (TaskState.SENDING, {}, ["Sending"]),
        (TaskState.QUEUED, {}, ["Queued"]),
        (TaskState.RUNNING, {"progress": 64}, ["Running", 'stroke-dasharray="64 100"']),
        (TaskState.CANCELLED, {}, ["Cancelled", "Nothing was charged."]),
        (TaskState.UNCLEAR, {}, ["Unclear", "Nothing is sent again by itself.", "35 credits"]),
        (
            TaskState.FAILED,
            {"code": "ImageCheckFaceFailed"},
            ["Failed", "because of a face", "Your 35 credits came back.", "Edit and send"],
        ),
        (TaskState.SUCCEEDED, {}, ["Fetching"]),
    ],
)
def test_each_state_says_itself_in_its_frame(
    site: Client,
    member: Membership,
    order: Callable[..., Task],
    state: TaskState,
    fields: dict[str, object],
    words: list[str],
) -> None:
    order(state, accepted_at=clock.now(), **fields)
    html = see(site, member.team)
    assert f'data-state="{state}"' in html
    for word in words:
        assert word in html


def test_a_stored_clip_shows_its_picture_its_length_and_its_file(
    site: Client, member: Membership, order: Callable[..., Task]
) -> None:
    file = keep(order())
    html = see(site, member.team)
    assert f'data-file="{file.pk}" data-file-state="stored"' in html
    assert reverse("file", args=[file.pk, "poster.webp"]) in html
    assert "0:05" in html


def test_a_clip_on_its_way_here_tells_how_much_and_when_the_link_dies(
    site: Client, member: Membership, order: Callable[..., Task]
) -> None:
    dies = clock.now() + timedelta(minutes=52, seconds=30)
    keep(order(), state="fetching", received=3_800_000, expires_at=dies)
    html = see(site, member.team)
    assert "3.8 of 6.1" in html
    assert "link dies in 52 min" in html


def test_the_prompt_is_text_and_never_markup(
    site: Client, member: Membership, order: Callable[..., Task]
) -> None:
    order(prompt="<script>alert(1)</script>")
    assert "<script>alert" not in see(site, member.team)


def test_no_page_carries_inline_style_or_script(
    site: Client, member: Membership, order: Callable[..., Task]
) -> None:
    keep(order())
    order(TaskState.UNCLEAR)
    html = see(site, member.team)
    assert not re.search(r"\sstyle=|\son\w+=|<style|<script(?![^>]*src=)", html)


def count_queries(client: Client, address: str) -> list[str]:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(address).status_code == 200
    return [query["sql"] for query in queries]


def test_a_hundred_clips_take_as_many_queries_as_one(
    site: Client, member: Membership, order: Callable[..., Task]
) -> None:
    keep(order())
    order(TaskState.RUNNING, accepted_at=clock.now())
    order()
    see(site, member.team)  # the session is written once
    few = count_queries(site, wall(member.team))
    for _ in range(30):
        keep(order())
        order(TaskState.RUNNING, accepted_at=clock.now())
        order()
    many = count_queries(site, wall(member.team))
    assert len(many) == len(few) <= 20
    rail = 'SELECT "generations_collection"'  # counts what lies in eight collections
    clips = [sql for sql in many if not sql.startswith(rail)]
    assert not [sql for sql in clips if "OFFSET" in sql or "COUNT(" in sql]


def test_older_clips_follow_without_a_gap_or_a_repetition(
    site: Client, member: Membership, order: Callable[..., Task]
) -> None:
    made = [order().pk for _ in range(views.PAGE + 3)]
    first = see(site, member.team)
    older = re.search(r'href="(\?before=[^"]+)"', first)
    assert older
    second = see(site, member.team, older[1])
    assert numbers(first) + numbers(second) == made[::-1]
    assert 'id="older"' not in second


def test_with_htmx_the_older_clips_join_the_day_that_is_already_there(
    site: Client, member: Membership, order: Callable[..., Task]
) -> None:
    for _ in range(views.PAGE + 1):
        order()
    older = re.search(r'hx-get="(\?before=[^"]+)"', see(site, member.team))
    assert older
    fragment = see(site, member.team, older[1], **HTMX)
    assert 'hx-swap-oob="beforeend:#cards-' in fragment
    assert "<html" not in fragment


@pytest.mark.parametrize(
    "query", ["?before=yesterday", "?before=2026-01-01~1", "?before=2026-99-01T00:00:00Z~1"]
)
def test_a_place_that_nobody_wrote_is_not_found(
    site: Client, member: Membership, query: str
) -> None:
    assert site.get(wall(member.team) + query).status_code == 404


def test_filters_show_what_they_say(
    site: Client, member: Membership, order: Callable[..., Task]
) -> None:
    failed = order(TaskState.FAILED, prompt="A red kite")
    order(prompt="A blue whale")
    team = member.team
    assert numbers(see(site, team, "?state=failed")) == [failed.pk]
    assert numbers(see(site, team, "?q=RED")) == [failed.pk]
    assert len(numbers(see(site, team, f"?by={member.user_id}"))) == 2
    assert "No clip matches" in see(site, team, "?model=vidu1.5")
    assert site.get(f"{wall(team)}?state=lovely").status_code == 404


def test_a_clip_is_found_by_our_number_and_by_the_providers(
    site: Client, member: Membership, order: Callable[..., Task]
) -> None:
    task, _other = order(), order()
    Attempt.objects.filter(task=task).update(number="911026047460327424")
    assert numbers(see(site, member.team, "?q=911026047460327424")) == [task.pk]
    assert task.pk in numbers(see(site, member.team, f"?q={task.pk}"))


# ---- What changed ---------------------------------------------------------------------------


def changes(client: Client, team: Team, cursor: str, query: str = "") -> tuple[int, str]:
    address = reverse("changes", args=[team.slug])
    response = client.get(f"{address}?since={quote(cursor)}{query}", headers=HTMX)
    return response.status_code, response.content.decode()


def move(task: Task, state: TaskState) -> None:
    version = Team.next_sequence(task.team_id)
    Task.objects.filter(pk=task.pk).update(state=state, version=version)


def test_nothing_changed_is_an_empty_answer(
    site: Client, member: Membership, order: Callable[..., Task]
) -> None:
    order()
    cursor = since(see(site, member.team))
    assert changes(site, member.team, cursor) == (204, "")


def test_nothing_changed_asks_the_database_for_nothing_of_the_wall(
    site: Client, member: Membership, order: Callable[..., Task]
) -> None:
    order()
    cursor = since(see(site, member.team))
    with CaptureQueriesContext(connection) as queries:
        changes(site, member.team, cursor)
    assert not [one for one in queries if "generations_task" in one["sql"]]


def test_a_changed_clip_is_swapped_where_it_stands(
    site: Client, member: Membership, order: Callable[..., Task]
) -> None:
    task, _other = order(TaskState.QUEUED), order(TaskState.QUEUED)
    cursor = since(see(site, member.team))
    move(task, TaskState.RUNNING)
    status, html = changes(site, member.team, cursor)
    assert status == 200
    assert numbers(html) == [task.pk]
    assert 'hx-swap-oob="outerMorph"' in html.split('data-task="', 1)[1].split(">", 1)[0]
    assert changes(site, member.team, since(html))[0] == 204


def test_a_new_clip_comes_to_the_head_of_its_day(
    site: Client, member: Membership, order: Callable[..., Task]
) -> None:
    order(TaskState.QUEUED)
    cursor = since(see(site, member.team))
    fresh = order(TaskState.QUEUED)
    html = changes(site, member.team, cursor)[1]
    assert 'hx-swap-oob="afterbegin:#cards-' in html
    assert numbers(html) == [fresh.pk]


def test_the_first_clip_of_a_day_brings_its_heading(
    site: Client, member: Membership, order: Callable[..., Task]
) -> None:
    order(TaskState.FAILED, created_at=clock.now() - timedelta(days=1))
    cursor = since(see(site, member.team))
    order()
    html = changes(site, member.team, cursor)[1]
    assert 'hx-swap-oob="afterbegin:#days"' in html
    assert "Today" in html


def test_an_old_clip_that_was_taken_in_now_is_not_put_at_the_head(
    site: Client, member: Membership, order: Callable[..., Task]
) -> None:
    order()
    cursor = since(see(site, member.team))
    order(created_at=clock.now() - timedelta(days=40))
    assert "afterbegin" not in changes(site, member.team, cursor)[1]


def test_a_new_clip_that_the_filter_hides_stays_hidden(
    site: Client, member: Membership, order: Callable[..., Task]
) -> None:
    order(TaskState.FAILED)
    cursor = since(see(site, member.team, "?state=failed"))
    order()
    assert numbers(changes(site, member.team, cursor, "&state=failed")[1]) == []


def test_the_page_stops_asking_when_nothing_moves(
    site: Client, member: Membership, order: Callable[..., Task]
) -> None:
    task = order(TaskState.RUNNING)
    html = see(site, member.team)
    assert 'data-moving="true"' in html
    move(task, TaskState.FAILED)
    assert 'data-moving="false"' in changes(site, member.team, since(html))[1]


@pytest.mark.parametrize("cursor", ["", "a~", "7~tomorrow", "7~2026-01-01T00:00:00"])
def test_a_cursor_that_nobody_wrote_is_not_found(
    site: Client, member: Membership, cursor: str
) -> None:
    assert changes(site, member.team, cursor)[0] == 404


def test_the_tab_tells_how_many_clips_are_on_their_way(
    site: Client, member: Membership, order: Callable[..., Task]
) -> None:
    order(TaskState.RUNNING)
    order()
    assert "<title>(2) Gallery" in see(site, member.team)
