"""The order form in a real browser: it follows its model, keeps a draft, and orders by keys."""

from collections.abc import Iterator

import pytest
from django.test import Client
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from generations.billing import ledger
from generations.models import Task
from tests.factories import make_credential, make_member, make_user

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def screen(live_server: LiveServer, page: Page) -> Iterator[tuple[Page, str]]:
    """A producer's order form in a real browser; the console must stay silent."""
    producer = make_member(user=make_user(email="mei@example.com"))
    credential = make_credential(team=producer.team)
    credential.balance = 12_480
    credential.save(update_fields=["balance"])
    ledger.adjust(credential, 12_480, "for a test")
    client = Client()
    client.force_login(producer.user)
    session = client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"{live_server.url}/t/{producer.team.slug}/new/")
    yield page, producer.team.slug
    assert said == []


def test_another_model_changes_the_form_and_keeps_the_words_and_the_folds(
    screen: tuple[Page, str],
) -> None:
    page, _team = screen
    page.fill("#id_prompt", "A lighthouse at dusk")
    page.click("#more summary")
    page.select_option("#id_model", "viduq2")
    expect(page.locator("#order-submit")).to_have_text("Generate · 35 credits")
    page.click("[data-step='-1']")
    expect(page.locator("#order-submit")).to_have_text("Generate · 30 credits")
    expect(page.locator(".order-note")).to_contain_text("Leaves 12,450 of")
    expect(page.locator("#id_prompt")).to_have_value("A lighthouse at dusk")
    expect(page.locator(".counter")).to_have_text("20 / 5,000")
    expect(page.locator("#more")).to_have_attribute("open", "")


def test_a_draft_is_kept_until_it_is_ordered_with_control_and_enter(
    screen: tuple[Page, str],
) -> None:
    page, team = screen
    page.fill("#id_prompt", "A lighthouse at dusk")
    page.reload()
    expect(page.locator("#id_prompt")).to_have_value("A lighthouse at dusk")
    page.press("#id_prompt", "Control+Enter")
    page.wait_for_url(f"**/t/{team}/")
    assert Task.objects.get().prompt == "A lighthouse at dusk"
    page.goto(page.url + "new/")
    expect(page.locator("#id_prompt")).to_have_value("")
