"""An open page tells when the worker falls silent, or the site itself, and when it is over."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from generations import clock
from generations.models import File, Heartbeat
from generations.models.files import FileState
from generations.models.tasks import TaskState

from .studio import Studio, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
STRIP = "The background worker has not responded for 2 min."


def beat(*, ago: int = 0) -> None:
    at = clock.now() - timedelta(seconds=ago)
    Heartbeat.objects.update_or_create(name="cluster", defaults={"at": at})


@pytest.mark.parametrize("name", ["gallery", "task"])
def test_the_strip_comes_and_goes_while_the_page_stays_open(
    screen: Page, live_server: LiveServer, studio: Studio, name: str
) -> None:
    beat()
    task = studio.order(TaskState.RUNNING, accepted_at=clock.now(), progress=10)
    dying = studio.keep(FileState.FETCHING, size=100, received=50)
    File.objects.filter(task=dying).update(expires_at=clock.now() + timedelta(days=3))
    sign_in(screen, live_server.url, studio.owner.user)
    screen.goto(studio.address(name, *([task.pk] if name == "task" else [])))
    segment = screen.locator("#alarms")
    expect(segment).to_be_hidden()
    beat(ago=150)
    expect(segment).to_contain_text(STRIP)
    expect(segment).to_contain_text("1 file will be lost at")
    beat()
    expect(segment).to_be_hidden()


def test_a_page_says_when_its_site_does_not_answer_and_takes_it_back(
    page: Page, live_server: LiveServer, studio: Studio
) -> None:
    def unanswered(route: Route) -> None:
        route.fulfill(status=503, body="<title>Not available right now</title>")

    studio.order(TaskState.RUNNING, accepted_at=clock.now(), progress=10)
    sign_in(page, live_server.url, studio.owner.user)
    page.goto(studio.address("gallery"))
    told = page.locator("#unreachable")
    expect(told).to_be_hidden()
    page.route("**/changes?*", unanswered)
    expect(told).to_contain_text("Rushes is not responding.")
    expect(told).to_be_visible()
    assert "Not available right now" not in page.title()
    page.unroute("**/changes?*")
    expect(told).to_be_hidden()
    page.goto("about:blank")
