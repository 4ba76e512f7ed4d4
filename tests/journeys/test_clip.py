"""The main job from end to end: sign in, add a key, order, see it come, play it, have it."""

import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, Response, expect
from pytest_django.live_server_helper import LiveServer

from generations.models import Credential, File, Membership, Role
from generations.models.files import FileRole
from generations.sandbox.app import Sandbox
from tests.factories import make_credential, make_member, make_user

from .studio import PASSWORD, until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PROMPT = "A lighthouse at dusk, waves, slow crane shot"


@pytest.fixture
def owner(transactional_db: None) -> Membership:
    return make_member(user=make_user(email="mei@example.com", password=PASSWORD), role=Role.OWNER)


def sign_in(page: Page, language: str = "en") -> None:
    page.goto("/")
    page.click(f".entrance-languages [value='{language}']")
    page.fill("[name=login]", "mei@example.com")
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")


def add_key(page: Page, sandbox: Sandbox) -> None:
    """From the empty order form, which leads there."""
    page.click(".rail-link.first")
    page.click(".order-empty .lamp")
    page.fill("[name=name]", "Sandbox")
    page.fill("[name=base_url]", sandbox.url)
    page.fill("[name=key]", "sandbox-journey")
    page.click(".credential-form .lamp")
    expect(page.locator(".credential .state.leaf")).to_be_visible()
    expect(page.locator("#balance")).to_contain_text("100,000")


def order(page: Page) -> None:
    """Another model takes away what it does not have, and the price follows."""
    page.click(".rail-link.first")
    page.fill("#id_prompt", PROMPT)
    page.select_option("#id_model", "viduq1")
    expect(page.locator("#field-resolution input[value='540p']")).to_have_count(0)
    expect(page.locator("#order-submit")).to_contain_text("80")
    page.select_option("#id_model", "viduq2")
    expect(page.locator("#field-resolution input[value='540p']")).to_have_count(1)
    page.locator("#field-resolution label", has_text="720p").click()
    expect(page.locator("#order-submit")).to_contain_text("35")
    expect(page.locator("#id_prompt")).to_have_value(PROMPT)
    page.click("#order-submit")


def see_it_come(page: Page) -> None:
    """From waiting to a picture on one page that is never loaded again."""
    card = page.locator(".card")
    expect(card).to_have_count(1)
    page.evaluate("window.untouched = true")
    expect(page).to_have_title(re.compile(r"^\(1\) "))
    expect(card).to_have_attribute("data-shows", "stored")
    expect(page).to_have_title(re.compile(r"^[^(]"))
    expect(card.locator("img.picture")).to_be_visible()
    assert page.evaluate("window.untouched")


def play(page: Page) -> None:
    answers: list[Response] = []
    page.on("response", lambda one: answers.append(one))
    page.click(".card-link")
    page.click("[data-do=toggle]")
    until(page, "document.querySelector('video').currentTime > 0.3")
    if not page.evaluate("document.querySelector('video').paused"):  # at its end it rests by itself
        page.click("[data-do=toggle]")
    page.locator(".scrub").fill("600")
    until(page, "!document.querySelector('video').seeking")
    share = page.evaluate(
        "(({currentTime, duration}) => currentTime / duration)(document.querySelector('video'))"
    )
    assert share == pytest.approx(0.6, abs=0.05)
    assert {one.status for one in answers if "clip.mp4" in one.url} == {206}


def read_and_take_it(page: Page, into: Path) -> None:
    """Its facts, and the very bytes that the provider has."""
    file = File.objects.get(role=FileRole.VIDEO)
    facts = page.locator("#facts")
    expect(facts.locator("#prompt-text")).to_have_text(PROMPT)
    expect(facts.locator(".amounts dd").nth(1)).to_have_text("35")
    expect(facts).to_contain_text("viduq2 · ")
    expect(facts).to_contain_text(f"{file.width} × {file.height}")
    expect(facts.locator(f"#print-{file.pk}")).to_have_text(file.sha256)
    with page.expect_download() as download:
        page.click(".clip-facts a[download]")
    download.value.save_as(into)
    assert into.read_bytes() == httpx.get(file.url).content


@pytest.mark.parametrize("language", ["en", pytest.param("zh-hans", marks=pytest.mark.slow)])
def test_from_signing_in_to_a_file_of_ones_own(
    screen: Page, sandbox: Sandbox, owner: Membership, language: str, tmp_path: Path
) -> None:
    sign_in(screen, language)
    expect(screen.locator("html")).to_have_attribute("lang", {"en": "en"}.get(language, "zh-Hans"))
    expect(screen.locator(".first-run")).to_be_visible()
    add_key(screen, sandbox)
    order(screen)
    see_it_come(screen)
    play(screen)
    read_and_take_it(screen, tmp_path / "mine.mp4")
    assert len(sandbox.tasks) == 1


@pytest.mark.slow
def test_without_script_one_signs_in_orders_and_sees_the_clip_after_a_reload(
    live_server: LiveServer,
    sandbox: Sandbox,
    owner: Membership,
    new_context: Callable[..., BrowserContext],
) -> None:
    credential = make_credential(team=owner.team, base_url=sandbox.url)
    Credential.objects.filter(pk=credential.pk).update(name="Sandbox")
    page = new_context(java_script_enabled=False).new_page()
    sign_in(page)
    page.click(".first-run .lamp")
    page.fill("#id_prompt", PROMPT)
    page.select_option("#id_model", "viduq1")
    page.click("[name=update]")
    expect(page.locator("#order-submit")).to_contain_text("80")
    expect(page.locator("#id_prompt")).to_have_value(PROMPT)
    page.click("#order-submit")
    card = page.locator(".card")
    expect(card).to_contain_text("viduq1")
    for _ in range(60):
        if card.get_attribute("data-shows") == "stored":
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(card).to_have_attribute("data-shows", "stored")
    page.click(".card-link")
    expect(page.locator("video[controls]")).to_be_visible()
    page.goto("about:blank")
