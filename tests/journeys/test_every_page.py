"""Every page: readable by everybody, in both themes and widths, without a word of inline code."""

from collections.abc import Iterable

import pytest
from django.urls import reverse
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from generations.models import Role, User
from tests.factories import make_member
from tests.journeys import pages

from .studio import PASSWORD, Studio, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
# Names, units and formats that are the same in every language.
SAME_EVERYWHERE = ["Rushes", "Vidu", "MB", "kB", "fps", "PNG", "JPEG", "WebP", "TOTP", "JSON"]
SAME_EVERYWHERE += ["relay", "Vivienne", "APIXO", "px", "ID", "CSV"]
TYPED = ["Harbour", "Lane", "Mei", "Tanaka", "Studio", "key", "mei", "example", "com"]
OF_THE_PROVIDER = [
    *("TaskPromptPolicyViolation", "audio", "tts", "lip", "sync", "upscale", "subject"),
]


def look_over(screen: Page, addresses: Iterable[str]) -> str:
    """All that is wrong, line by line."""
    screen.emulate_media(reduced_motion="reduce")
    inspector = pages.Inspector(screen, [])
    for address in addresses:
        inspector.look_over(address)
    return "\n".join(inspector.wrong)


def test_the_pages_before_one_is_inside(screen: Page) -> None:
    wrong = look_over(screen, pages.entrance())
    assert not wrong, wrong


def test_the_pages_of_a_team(screen: Page, live_server: LiveServer, studio: Studio) -> None:
    sign_in(screen, live_server.url, studio.owner.user)
    wrong = look_over(screen, pages.team(studio))
    assert not wrong, wrong


def test_the_pages_of_a_new_team(screen: Page, live_server: LiveServer) -> None:
    owner = make_member(role=Role.OWNER)
    sign_in(screen, live_server.url, owner.user)
    names = ["gallery", "generate", "credentials", "credential_new"]
    wrong = look_over(screen, [reverse(name, args=[owner.team.slug]) for name in names])
    assert not wrong, wrong


def enter_as_staff(screen: Page, studio: Studio) -> None:
    """By the form, for these pages ask when one last gave the password."""
    User.objects.filter(pk=studio.owner.user.pk).update(is_staff=True, is_superuser=True)
    screen.goto("/accounts/login/")
    screen.fill("[name=login]", studio.owner.user.email)
    screen.fill("[name=password]", PASSWORD)
    screen.press("[name=password]", "Enter")
    screen.wait_for_url("**/t/**")


def test_the_pages_of_ones_account_and_of_the_admin_site(screen: Page, studio: Studio) -> None:
    enter_as_staff(screen, studio)
    wrong = look_over(screen, [*pages.books(studio), *pages.account()])
    assert not wrong, wrong


def test_no_english_word_is_left_on_a_chinese_page(
    screen: Page, live_server: LiveServer, studio: Studio
) -> None:
    screen.context.add_cookies(
        [{"name": "django_language", "value": "zh-hans", "url": live_server.url}]
    )
    foreign: list[str] = []
    outside, inside = [*pages.entrance()], [*pages.team(studio), *pages.account()]
    for address in outside + inside[:-1]:  # the admin site speaks Django's own Chinese
        if address == studio.address("gallery"):
            sign_in(screen, live_server.url, studio.owner.user)
        screen.goto(address)
        foreign += [
            f"{address} {text}"
            for text in screen.evaluate(pages.LATIN, SAME_EVERYWHERE + TYPED + OF_THE_PROVIDER)
        ]
    assert not foreign, "\n".join(foreign)
