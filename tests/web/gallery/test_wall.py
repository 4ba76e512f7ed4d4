"""The wall in a real browser: it changes under one's hands, and everybody can use it."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from generations import clock
from generations.models import Membership, Task, Team
from generations.models.tasks import TaskState
from tests.factories import make_credential, make_tasks

AXE = Path(__file__).parents[2] / "vendor" / "axe.min.js"
PATIENCE = 8000  # milliseconds: two polls and a slow machine


@pytest.fixture
def order(member: Membership) -> Callable[..., Task]:
    credential = make_credential(team=member.team)

    def make(state: TaskState = TaskState.WAITING, **fields: Any) -> Task:
        (task,) = make_tasks(membership=member, credential=credential)
        Task.objects.filter(pk=task.pk).update(state=state, **fields)
        return task

    return make


@pytest.fixture
def wall_page(
    transactional_db: None, page: Page, live_server: LiveServer, client: Client, member: Membership
) -> Iterator[Page]:
    """A real browser, signed in; a word on its console fails the test."""
    words: list[str] = []
    page.on("console", lambda message: words.append(message.text))
    page.on("pageerror", lambda error: words.append(str(error)))
    client.force_login(member.user)
    session = client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
    yield page
    assert not words


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_change_and_a_new_clip_arrive_while_half_a_word_stays_typed(
    wall_page: Page, member: Membership, order: Callable[..., Task]
) -> None:
    task = order(TaskState.RUNNING, accepted_at=clock.now(), progress=10)
    wall_page.goto(reverse("gallery", args=[member.team.slug]))
    wall_page.keyboard.press("/")
    wall_page.keyboard.type("half a wo")
    version = Team.next_sequence(member.team_id)
    Task.objects.filter(pk=task.pk).update(progress=64, version=version)
    expect(wall_page.locator(f"#task-{task.pk}")).to_contain_text("64%", timeout=PATIENCE)
    fresh = order()
    expect(wall_page.locator(".card").first).to_have_id(f"task-{fresh.pk}", timeout=PATIENCE)
    expect(wall_page.locator(".search input")).to_have_value("half a wo")
    expect(wall_page.locator(".search input")).to_be_focused()
    expect(wall_page).to_have_title(re.compile(r"^\(2\) Gallery"))


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("width", [360, 1440])
def test_the_wall_is_accessible_and_as_wide_as_the_window(
    wall_page: Page,
    live_server: LiveServer,
    member: Membership,
    order: Callable[..., Task],
    theme: str,
    width: int,
) -> None:
    for state in TaskState:
        order(state, accepted_at=clock.now(), finished_at=clock.now())
    wall_page.set_viewport_size({"width": width, "height": 900})
    wall_page.context.add_cookies([{"name": "theme", "value": theme, "url": live_server.url}])
    wall_page.goto(reverse("gallery", args=[member.team.slug]))
    assert wall_page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    wall_page.evaluate(AXE.read_text())
    wrong = wall_page.evaluate("axe.run().then(found => found.violations.map(one => one.id))")
    assert wrong == []
