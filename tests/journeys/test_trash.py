"""A clip goes into the bin, vanishes from a wall that stands open, and comes back."""

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from generations import clock
from generations.models.tasks import TaskState

from .studio import Studio, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def test_a_clip_goes_into_the_bin_and_comes_back(
    screen: Page, context: BrowserContext, live_server: LiveServer, studio: Studio
) -> None:
    studio.order(TaskState.RUNNING, accepted_at=clock.now(), progress=10)  # so that the wall lives
    clip = studio.keep()
    sign_in(screen, live_server.url, studio.owner.user)
    screen.goto(studio.address("gallery"))
    card = screen.locator(f"#task-{clip.pk}")
    expect(card).to_be_visible()
    desk = context.new_page()
    desk.goto(studio.address("task", clip.pk))
    desk.get_by_role("button", name="Move to trash").click()
    expect(card).to_have_count(0)
    desk.goto(studio.address("trash"))
    desk.get_by_role("button", name=f"Restore clip {clip.pk}").click()
    expect(desk.get_by_role("heading", name="The trash is empty")).to_be_visible()
    desk.close()
    screen.reload()
    expect(card).to_be_visible()
