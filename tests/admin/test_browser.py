"""The admin site in a real browser: nothing that the content policy forbids."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from generations.models import Entry, Membership, Task, User

AXE = Path(__file__).parent.parent / "vendor" / "axe.min.js"


@pytest.fixture
def browser_page(live_server: LiveServer, site: Client, page: Page) -> Page:
    """A page of the operator, signed in."""
    session = site.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}]
    )
    return page


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_no_page_breaks_the_content_policy(
    browser_page: Page,
    fill: Callable[[int], list[Membership]],
    operator: User,
) -> None:
    (member,) = fill(1)
    complaints: list[str] = []
    browser_page.on("console", lambda said: complaints.append(said.text))
    browser_page.on("pageerror", lambda error: complaints.append(str(error)))
    for path in [
        reverse("admin:index"),
        reverse("admin:generations_entry_changelist"),
        reverse("admin:generations_entry_change", args=[Entry.objects.earliest("pk").pk]),
        reverse("admin:generations_task_changelist"),
        reverse("admin:generations_task_change", args=[Task.objects.get().pk]),
        reverse("admin:generations_user_change", args=[operator.pk]),
        reverse("admin:generations_membership_change", args=[member.pk]),
    ]:
        response = browser_page.goto(path)
        assert response is not None
        assert response.ok, path
    assert complaints == []


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_books_can_be_read_in_both_themes(
    theme: str,
    browser_page: Page,
    fill: Callable[[int], list[Membership]],
) -> None:
    fill(1)
    browser_page.add_init_script(f"localStorage.setItem('theme', '{theme}')")
    browser_page.goto(reverse("admin:generations_entry_changelist"))
    browser_page.evaluate(AXE.read_text(encoding="utf-8"))
    found = browser_page.evaluate("axe.run(document, {runOnly: ['color-contrast']})")
    assert [
        (rule["id"], node["html"]) for rule in found["violations"] for node in rule["nodes"]
    ] == []
