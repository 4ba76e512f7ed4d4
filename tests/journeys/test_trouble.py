"""What goes wrong says so where it happened: one plain sentence, what to do, and the credits."""

import re

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from generations.models import Attempt, Task
from generations.models.tasks import AttemptState
from generations.sandbox.app import Sandbox
from tests.factories import make_credential, make_tasks

from .studio import Studio, sign_in, until

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def inside(screen: Page, live_server: LiveServer, studio: Studio) -> Page:
    """The browser of the team's owner."""
    sign_in(screen, live_server.url, studio.owner.user)
    return screen


# ---- Signing in and keys --------------------------------------------------------------------


def test_a_wrong_password_is_told_and_the_address_stays(screen: Page, studio: Studio) -> None:
    screen.goto("/")
    screen.fill("[name=login]", studio.owner.user.email)
    screen.fill("[name=password]", "not mine")
    screen.press("[name=password]", "Enter")
    expect(screen.locator(".entrance .error")).to_have_text(re.compile(r"not correct\.$"))
    expect(screen.locator("[name=login]")).to_have_value(studio.owner.user.email)
    expect(screen.locator("[name=password]")).to_have_value("")


def add_key(page: Page, studio: Studio, address: str, key: str) -> None:
    page.goto(studio.address("credential_new"))
    page.fill("[name=name]", "Fresh key")
    page.fill("[name=base_url]", address)
    page.fill("[name=key]", key)
    page.click(".credential-form .lamp")


@pytest.mark.parametrize(
    ("key", "said", "answer"),
    [
        (
            "sandbox-bad",
            "The provider refused this key. Replace it with one that works.",
            "the key is not known",
        ),
        (
            "sandbox-forbidden",
            "The provider does not allow this key to order. "
            "Replace it, or have its rights changed at the provider.",
            "the key may not do this",
        ),
    ],
)
def test_a_key_that_is_refused_says_what_to_do(
    inside: Page, studio: Studio, sandbox: Sandbox, key: str, said: str, answer: str
) -> None:
    add_key(inside, studio, sandbox.url, key)
    expect(inside.locator(".notice.error")).to_have_text(
        f"“Fresh key”: {said} The answer was: “{answer}”"
    )
    row = inside.locator(".credential", has_text="Fresh key")
    expect(row.locator(".credential-alarm p")).to_have_text(said)
    row.locator(".credential-alarm a").click()
    expect(inside.locator("#replace [name=key]")).to_have_value("")


def test_a_provider_that_is_not_there_says_so(
    inside: Page, studio: Studio, settings: Settings
) -> None:
    settings.ALLOW_PRIVATE_ADDRESSES = True
    add_key(inside, studio, "http://127.0.0.1:9", "sandbox-1")
    expect(inside.locator(".notice.error")).to_have_text(
        "“Fresh key”: The provider could not be reached. Check the address, then test again."
    )


def test_a_key_without_credits_is_told_before_the_press(
    inside: Page, studio: Studio, sandbox: Sandbox
) -> None:
    add_key(inside, studio, sandbox.url, "sandbox-broke")
    row = inside.locator(".credential", has_text="Fresh key")
    expect(row).to_contain_text("0 credits left")
    inside.goto(studio.address("generate"))
    inside.locator(".order-credential", has_text="Fresh key").click()
    expect(inside.locator("#obstacle")).to_contain_text("and the key has 0 left.")
    expect(inside.locator("#order-submit")).to_be_disabled()


# ---- The order form -------------------------------------------------------------------------


def test_an_order_that_cannot_be_is_refused_beside_its_field_and_nothing_typed_is_lost(
    inside: Page, studio: Studio
) -> None:
    inside.goto(studio.address("generate"))
    with inside.expect_response(lambda answer: "model=viduq2" in answer.url):
        inside.select_option("#id_model", "viduq2")
    until(inside, "!document.querySelector('.htmx-request')")  # what it moves lies still again
    inside.click("#more summary")
    inside.fill("#id_seed", "-4")
    inside.fill("#id_duration", "7")
    inside.click("#order-submit")
    expect(inside.locator("#field-prompt .error")).to_have_text("Write what the clip shows.")
    expect(inside.locator("#field-seed .error")).to_contain_text("A seed is a whole number")
    expect(inside.locator(".order-errors")).to_contain_text("2 fields need a change:")
    expect(inside.locator("#id_model")).to_have_value("viduq2")
    expect(inside.locator("#id_duration")).to_have_value("7")
    expect(inside.locator("#id_seed")).to_have_value("-4")
    inside.click(".order-errors a[href='#field-prompt']")
    expect(inside.locator("#field-prompt")).to_be_in_viewport()
    assert not Task.objects.exists()


# ---- Clips ----------------------------------------------------------------------------------


@pytest.fixture
def playing(studio: Studio, sandbox: Sandbox) -> Studio:
    """The team's key is one at the sandbox."""
    studio.credential = make_credential(
        team=studio.team, base_url=sandbox.url, key="sandbox-play", name="Sandbox"
    )
    return studio


def order(studio: Studio, prompt: str) -> Task:
    (task,) = make_tasks(membership=studio.owner, credential=studio.credential, prompt=prompt)
    return task


def test_a_failed_clip_speaks_in_its_frame_and_its_order_can_be_changed(
    inside: Page, playing: Studio
) -> None:
    task = order(playing, "[fail AuditSubmitIllegal] A lighthouse")
    inside.goto(playing.address("gallery"))
    told = inside.locator(f"#task-{task.pk} .explanation")
    expect(told).to_contain_text("The provider refused the prompt or a picture under its rules.")
    expect(told).to_contain_text("Change the prompt or the picture, then send it again.")
    expect(told).to_contain_text("Your 35 credits were refunded.")
    told.get_by_role("link", name="Edit and send").click()
    expect(inside.locator("#id_prompt")).to_have_value(task.prompt)
    expect(inside.locator("#id_model")).to_have_value("viduq2")
    expect(inside.locator("#id_duration")).to_have_value("5")


def tab_to(page: Page, words: str) -> None:
    """Press Tab until the focus is on what bears these words."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if words in str(page.evaluate("document.activeElement.textContent")):
            return
    raise AssertionError(f"no Tab leads to {words}")


@pytest.fixture
def unclear(inside: Page, playing: Studio) -> Task:
    """An order whose answer was lost, and which the provider's list does not show."""
    task = order(playing, "[drop after] [list missing] [callback never] A lighthouse")
    inside.goto(playing.address("gallery"))
    told = inside.locator(f"#task-{task.pk} .explanation")
    expect(told).to_contain_text("It may be running and may cost 35 credits.")
    expect(told).to_contain_text("Rushes never sends it again automatically.")
    tab_to(inside, "Decide…")
    inside.keyboard.press("Enter")
    expect(inside.locator("#decide")).to_be_visible()
    expect(inside.locator("#decide-number")).to_be_focused()
    return task


def test_an_unclear_clip_is_taken_in_by_its_number_with_the_keyboard_alone(
    inside: Page, unclear: Task, sandbox: Sandbox
) -> None:
    (number,) = sandbox.tasks
    inside.keyboard.type(str(number))
    inside.keyboard.press("Enter")
    expect(inside.locator("#screen")).to_have_attribute("data-file-state", "stored")
    expect(inside.locator("#facts")).to_contain_text(str(number))
    assert len(sandbox.tasks) == 1


def test_an_unclear_clip_is_given_up_with_the_keyboard_alone(inside: Page, unclear: Task) -> None:
    tab_to(inside, "Refund the credits")
    inside.keyboard.press("Enter")
    expect(inside.locator("#screen .explanation")).to_contain_text("Your 35 credits were refunded.")
    expect(inside.locator("#decide")).to_have_count(0)
    assert Attempt.objects.filter(state=AttemptState.ACCEPTED).count() == 0


def test_a_number_that_is_not_there_changes_nothing_and_says_so(
    inside: Page, unclear: Task
) -> None:
    inside.keyboard.type("12345")
    inside.keyboard.press("Enter")
    expect(inside.locator(".notice.error")).to_contain_text("Nothing was changed.")
    expect(inside.locator("#screen")).to_have_attribute("data-state", "unclear")
