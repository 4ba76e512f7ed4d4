"""The wall lives, and leaves what one is doing alone."""

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from generations.models.tasks import TaskState
from tests.factories import make_tasks

from .studio import Studio, sign_in, until

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
HOVER = 250  # milliseconds


@pytest.fixture
def wall(screen: Page, live_server: LiveServer, studio: Studio) -> Page:
    """The browser of the team's owner."""
    sign_in(screen, live_server.url, studio.owner.user)
    return screen


def test_a_playing_preview_survives_a_poll_and_gives_its_memory_back_on_leaving(
    wall: Page, studio: Studio
) -> None:
    running, kept = studio.order(TaskState.RUNNING, progress=10), studio.keep()
    wall.goto(studio.address("gallery"))
    card = wall.locator(f"#task-{kept.pk}")
    preview = card.locator(".preview")
    card.hover()
    assert preview.get_attribute("src") is None
    until(wall, "document.querySelector('.preview.on')?.currentTime > 0")
    preview.evaluate("video => { video.mine = true }")
    studio.change(running, progress=64)
    expect(wall.locator(f"#task-{running.pk}")).to_contain_text("64%")
    assert preview.evaluate(
        "video => video.mine && !video.paused && video.className.includes('on')"
    )
    wall.locator(".search input").hover()
    until(wall, "!document.querySelector('.preview').hasAttribute('src')")


def test_nothing_plays_for_who_asked_for_less_motion(wall: Page, studio: Studio) -> None:
    kept = studio.keep()
    wall.emulate_media(reduced_motion="reduce")
    wall.goto(studio.address("gallery"))
    wall.locator(f"#task-{kept.pk}").hover()
    wall.wait_for_timeout(3 * HOVER)
    assert wall.locator(".preview").get_attribute("src") is None
    expect(wall.locator(".play-mark")).to_be_visible()


def test_an_open_dialog_and_what_was_typed_in_it_survive_a_poll(wall: Page, studio: Studio) -> None:
    unclear = studio.order(TaskState.UNCLEAR)
    wall.goto(studio.address("task", unclear.pk))
    wall.locator("[commandfor=decide][command=show-modal]").click()
    wall.keyboard.type("9110")
    studio.change(unclear, alarm="contradicted success")
    expect(wall.locator("#screen-notes")).to_contain_text("ended with another result")
    expect(wall.locator("#decide")).to_be_visible()
    expect(wall.locator("#decide-number")).to_have_value("9110")
    expect(wall.locator("#decide-number")).to_be_focused()


def test_two_hundred_clips_scroll_in_once_each(wall: Page, studio: Studio) -> None:
    for _ in range(10):
        make_tasks(membership=studio.owner, credential=studio.credential, count=20)
    wall.goto(studio.address("gallery"))
    cards = wall.locator(".card")
    expect(cards).to_have_count(48)
    for shown in (96, 144, 192, 200):
        cards.last.scroll_into_view_if_needed()
        expect(cards).to_have_count(shown)
    numbers = cards.evaluate_all("cards => cards.map(card => card.dataset.task)")
    assert len(set(numbers)) == 200
    assert numbers == sorted(numbers, key=int, reverse=True)
    expect(wall.locator("#older a")).to_have_count(0)
