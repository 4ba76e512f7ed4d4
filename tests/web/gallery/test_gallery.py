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
from generations.providers.contract import Reason
from generations.web.gallery import views
from tests.cases import case
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
    return response.text


def numbers(html: str) -> list[int]:
    """The tasks whose cards stand in a page, in order."""
    return [int(number) for number in re.findall(r'<article[^>]* data-task="(\d+)"', html)]


def one_line(html: str) -> str:
    return " ".join(html.split())


def since(html: str) -> str:
    found = re.search(r'data-since="([^"]*)"', html)
    assert found
    return found[1]


def keep(task: Task, **fields: Any) -> File:
    """A stored video of a task."""
    Task.objects.filter(pk=task.pk).update(state=TaskState.SUCCEEDED, finished_at=clock.now())
    stored = {"state": "stored", "name": "a.mp4", "poster": "a.webp", "preview": "b.mp4"}
    shape = {"width": 640, "height": 360, "duration_ms": 5000, "size": 6_100_000}
    return File.objects.create(task=task, team=task.team, role="video", **stored | shape | fields)


def card(html: str, task: Task) -> str:
    """The card of a task in a page."""
    start = html.index(f'id="task-{task.pk}"')
    return html[start : html.index("</article>", start)]


def test_members_alone_read_the_gallery_and_nobody_posts_to_it(
    client: Client, member: Membership
) -> None:
    both = (wall(member.team), reverse("changes", args=[member.team.slug]))
    with case("nobody"):
        assert client.get(wall(member.team)).status_code == 302
    with case("a stranger"):
        client.force_login(make_user())
        assert [client.get(address).status_code for address in both] == [404, 404]
    with case("a member"):
        client.force_login(member.user)
        assert [client.post(address).status_code for address in both] == [405, 405]


def test_an_empty_team_is_told_what_to_do_first(site: Client, member: Membership) -> None:
    html = see(site, member.team)
    assert "No clips yet" in html
    assert reverse("generate", args=[member.team.slug]) in html


STATES: list[tuple[TaskState, dict[str, object], list[str]]] = [
    (TaskState.WAITING, {}, ["in line", "Waiting"]),
    (TaskState.SENDING, {}, ["Sending"]),
    (TaskState.QUEUED, {}, ["Queued"]),
    (TaskState.RUNNING, {"progress": 64}, ["Running", 'stroke-dasharray="64 100"']),
    (TaskState.CANCELLED, {}, ["Cancelled", "Nothing was charged."]),
    (
        TaskState.UNCLEAR,
        {},
        ["Unclear", "Rushes never sends it again automatically.", "35 credits"],
    ),
    (
        TaskState.FAILED,
        {"reason": Reason.PICTURE_FACE_REFUSED},
        ["Failed", "because of a face", "Your 35 credits were refunded.", "Edit and send"],
    ),
    (TaskState.SUCCEEDED, {}, ["Fetching"]),
]


def test_each_card_says_the_state_of_its_clip(
    site: Client, member: Membership, order: Callable[..., Task]
) -> None:
    tasks = [
        order(state, accepted_at=clock.now(), prompt="<script>alert(1)</script>", **fields)
        for state, fields, _words in STATES
    ]
    stored = keep(order())
    expires = clock.now() + timedelta(minutes=52, seconds=30)
    fetching = keep(order(), state="fetching", received=3_800_000, expires_at=expires)
    other = make_member()
    make_tasks(membership=other, credential=make_credential(team=other.team))
    html = see(site, member.team)
    for task, (state, _fields, words) in zip(tasks, STATES, strict=True):
        for word in [f'data-state="{state}"', *words]:
            with case((state, word)):
                assert word in card(html, task)
    with case("stored"):
        shown = card(html, stored.task)
        assert f'data-file="{stored.pk}" data-file-state="stored"' in shown
        assert reverse("file", args=[stored.pk, "poster.webp"]) in shown
        assert "0:05" in shown
    with case("on its way here"):
        assert "3.8 of 6.1" in card(html, fetching.task)
        assert "link expires in 52 min" in one_line(card(html, fetching.task))
    with case("the prompt is text and never markup"):
        assert "<script>alert" not in html
    with case("no inline style or script"):
        assert not re.search(r"\sstyle=|\son\w+=|<style|<script(?![^>]*src=)", html)
    with case("no clip of another team"):
        shown_tasks = [*tasks, stored.task, fetching.task]
        assert numbers(html) == [task.pk for task in reversed(shown_tasks)]
    with case("the tab tells how many clips are in progress"):
        assert "<title>(4) Gallery" in html


def count_queries(client: Client, address: str) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return [query["sql"] for query in queries]


def test_many_clips_take_as_many_queries_as_one(
    site: Client, member: Membership, order: Callable[..., Task]
) -> None:
    keep(order())
    order(TaskState.RUNNING, accepted_at=clock.now())
    order()
    see(site, member.team)  # the session is written once
    few = count_queries(site, wall(member.team))
    for _ in range(5):
        keep(order())
        order(TaskState.RUNNING, accepted_at=clock.now())
        order()
    many = count_queries(site, wall(member.team))
    assert len(many) == len(few) <= 21
    rail = 'SELECT "generations_collection"'  # counts what lies in eight collections
    clips = [sql for sql in many if not sql.startswith(rail)]
    assert not [sql for sql in clips if "OFFSET" in sql or "COUNT(" in sql]


def test_older_clips_follow_without_a_gap_or_a_repetition(
    site: Client, member: Membership, order: Callable[..., Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "PAGE", 6)
    made = [order().pk for _ in range(views.PAGE + 3)]
    first = see(site, member.team)
    older = re.search(r'href="(\?before=[^"]+)"', first)
    assert older
    second = see(site, member.team, older[1])
    assert numbers(first) + numbers(second) == made[::-1]
    assert 'id="older"' not in second
    with case("with htmx they join the day that is already there"):
        assert f'hx-get="{older[1]}"' in first
        fragment = see(site, member.team, older[1], **HTMX)
        assert 'hx-swap-oob="beforeend:#cards-' in fragment
        assert "<html" not in fragment


def test_filters_show_what_they_say(
    site: Client, member: Membership, order: Callable[..., Task]
) -> None:
    failed = order(TaskState.FAILED, prompt="A red kite")
    other = order(prompt="A blue whale")
    Attempt.objects.filter(task=other).update(remote_id="911026047460327424")
    team = member.team
    assert numbers(see(site, team, "?state=failed")) == [failed.pk]
    assert numbers(see(site, team, "?q=RED")) == [failed.pk]
    assert len(numbers(see(site, team, f"?by={member.user_id}"))) == 2
    assert "No clip matches" in see(site, team, "?model=vidu1.5")
    assert site.get(f"{wall(team)}?state=lovely").status_code == 404
    with case("by our own number and by the provider's"):
        assert numbers(see(site, team, "?q=911026047460327424")) == [other.pk]
        assert failed.pk in numbers(see(site, team, f"?q={failed.pk}"))


# ---- What changed ---------------------------------------------------------------------------


def changes(client: Client, team: Team, cursor: str, query: str = "") -> tuple[int, str]:
    address = reverse("changes", args=[team.slug])
    response = client.get(f"{address}?since={quote(cursor)}{query}", headers=HTMX)
    return response.status_code, response.text


def move(task: Task, state: TaskState) -> None:
    version = Team.next_sequence(task.team_id)
    Task.objects.filter(pk=task.pk).update(state=state, version=version)


def test_nothing_changed_is_an_empty_answer_that_asks_for_nothing_of_the_gallery(
    site: Client, member: Membership, order: Callable[..., Task]
) -> None:
    order()
    cursor = since(see(site, member.team))
    with CaptureQueriesContext(connection) as queries:
        assert changes(site, member.team, cursor) == (204, "")
    assert not [one for one in queries if "generations_task" in one["sql"]]


def test_changed_and_new_clips_come_to_their_places(
    site: Client, member: Membership, order: Callable[..., Task]
) -> None:
    task, _other = order(TaskState.QUEUED), order(TaskState.QUEUED)
    cursor = since(see(site, member.team))
    move(task, TaskState.RUNNING)
    status, html = changes(site, member.team, cursor)
    assert status == 200
    assert numbers(html) == [task.pk]
    assert 'hx-swap-oob="outerMorph"' in html.split('data-task="', 1)[1].split(">", 1)[0]
    assert 'data-moving="true"' in html
    assert changes(site, member.team, since(html))[0] == 204
    with case("a new one at the head of its day"):
        fresh = order(TaskState.QUEUED)
        html = changes(site, member.team, since(html))[1]
        assert 'hx-swap-oob="afterbegin:#cards-' in html
        assert numbers(html) == [fresh.pk]
    with case("an old one that was imported now is not put at the head"):
        order(created_at=clock.now() - timedelta(days=40))
        assert "afterbegin" not in changes(site, member.team, since(html))[1]


def test_the_first_clip_of_a_day_brings_its_heading(
    site: Client, member: Membership, order: Callable[..., Task]
) -> None:
    order(TaskState.FAILED, created_at=clock.now() - timedelta(days=1))
    cursor = since(see(site, member.team))
    order()
    html = changes(site, member.team, cursor)[1]
    assert 'hx-swap-oob="afterbegin:#days"' in html
    assert "Today" in html


def test_a_new_clip_that_the_filter_hides_stays_hidden(
    site: Client, member: Membership, order: Callable[..., Task]
) -> None:
    task = order(TaskState.FAILED)
    html = see(site, member.team, "?state=failed")
    assert 'data-moving="false"' in html
    fresh = order(TaskState.RUNNING)
    html = changes(site, member.team, since(html), "&state=failed")[1]
    assert numbers(html) == []
    assert 'data-moving="true"' in html
    with case("the page stops asking when nothing moves"):
        move(fresh, TaskState.CANCELLED)
        move(task, TaskState.CANCELLED)
        assert 'data-moving="false"' in changes(site, member.team, since(html))[1]
