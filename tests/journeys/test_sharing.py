"""A collection goes to a client and comes back approved, in real browsers on both sides."""

import re
from collections.abc import Callable, Iterator

import pytest
from django.urls import reverse
from playwright.sync_api import BrowserContext, Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from generations.models import Collection, File, Remark, Verdict
from generations.models.collections import Decision
from generations.sharing import collections, links, review
from tests.journeys import pages

from .studio import (
    Complaints,
    Studio,
    sign_in,
    until,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
PASSWORD = "salt and amber"
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def inside(screen: Page, live_server: LiveServer, studio: Studio) -> Page:
    """The browser of the team's owner."""
    sign_in(screen, live_server.url, studio.owner.user)
    return screen


@pytest.fixture
def phone(new_context: Callable[..., BrowserContext]) -> Iterator[Page]:
    """A guest's phone; its console must stay silent too."""
    page = new_context(viewport=PHONE, has_touch=True, is_mobile=True).new_page()
    page.set_default_timeout(20_000)
    complaints = Complaints(page)
    yield page
    page.goto("about:blank")
    assert complaints.heard == []


def make_reel(studio: Studio, count: int = 3) -> Collection:
    """A collection of stored clips."""
    files = [File.objects.get(task=studio.keep()) for _ in range(count)]
    for number, file in enumerate(files, start=1):
        File.objects.filter(pk=file.pk).update(sha256=f"{number:064}")
    made = collections.make(studio.team, studio.owner.user, "Salt and Amber")
    collections.add(made, [file.pk for file in files], studio.owner.user)
    for item, title in zip(made.items.all(), ("The bottle", "The walk", "The face"), strict=False):
        collections.rename(item, title)
    return made


# ---- From the gallery to an approval --------------------------------------------------------


def select_and_share(page: Page, studio: Studio) -> str:
    """A run of clips by Shift becomes a collection with a link; its address."""
    page.goto(studio.address("gallery"))
    picks = page.locator(".pick")
    expect(page.locator(".selection")).not_to_be_in_viewport()
    picks.first.check()
    expect(page.locator("[data-count]")).to_have_text("1 selected")
    page.locator(".card").nth(2).click(modifiers=["Shift"])
    expect(page.locator("[data-count]")).to_have_text("3 selected")
    page.locator(".selection").get_by_role("button", name="Share").click()
    page.keyboard.type("Salt and Amber, second cut")
    page.get_by_role("button", name="Make and share").click()
    page.fill("[name=name]", "Aurel")
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name="Create a link").click()
    address = page.locator("#link").input_value()
    assert PASSWORD not in page.content()
    return address


def pass_the_gate(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.get_by_role("heading", level=1)).to_have_text("Salt and Amber, second cut")
    expect(page.locator(".gate-backdrop")).to_be_visible()
    page.fill("[name=password]", "guessed")
    page.get_by_role("button", name="Open").click()
    expect(page.locator(".gate-sheet .error")).to_have_text(
        "That is not the password of this link."
    )
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#player")).to_be_visible()
    assert PASSWORD not in page.url


def remark_at(page: Page, second: float, text: str) -> None:
    """Play up to a moment, then write: the film stops and the moment is stamped."""
    page.locator("[data-do=toggle]").tap()
    until(page, "document.querySelector('#player video').currentTime > 0")
    page.evaluate(
        "second => { document.querySelector('#player video').currentTime = second }", second
    )
    page.locator("#id_text").press_sequentially(text)
    assert page.evaluate("document.querySelector('#player video').paused")
    expect(page.locator(".remark-form-position")).to_be_visible()


def test_a_selection_is_shared_remarked_at_a_moment_answered_and_approved(
    inside: Page, phone: Page, studio: Studio
) -> None:
    for _ in range(3):
        studio.keep()
    address = select_and_share(inside, studio)
    collection = Collection.objects.get()
    inside.goto(studio.address("review", collection.pk))
    inside.evaluate("window.untouched = true")

    pass_the_gate(phone, address)
    phone.fill("[name=name]", "Rosa, Aurel")
    remark_at(phone, 2, "Can the light hold half a second longer?")
    phone.keyboard.press("Enter")
    remark = phone.locator(".remark")
    expect(remark).to_contain_text("Rosa, Aurel")
    expect(remark.locator(".remark-at")).to_have_text(re.compile(r"^0:0[2-3]\.\d\d$"))
    expect(phone.locator(".remark-mark")).to_have_text("R")
    expect(phone.locator("#id_text")).to_have_value("")

    seen = inside.locator(".remark")
    expect(seen).to_contain_text("Can the light hold half a second longer?")
    seen.locator("summary").click()
    seen.locator("textarea").fill("Take 4 is on its way.")
    seen.get_by_role("button", name="Send").click()
    expect(remark).to_contain_text("Harbour Lane: Take 4 is on its way.")

    phone.get_by_role("button", name="Approve").tap()
    expect(phone.locator("#head .state.leaf")).to_contain_text("Approved by Rosa, Aurel")
    expect(inside.locator("#head .state.leaf")).to_contain_text("Approved by Rosa, Aurel")
    expect(inside.locator("#head code")).to_be_visible()
    assert inside.evaluate("window.untouched")
    first = collection.items.present()[0]
    assert Verdict.objects.get().sha256 == first.file.sha256
    assert Remark.objects.filter(answers=None).get().start_ms in range(2000, 3500)


def test_a_guest_without_script_reviews_as_well(
    studio: Studio, new_context: Callable[..., BrowserContext]
) -> None:
    collection = make_reel(studio)
    _link, token = links.make(collection, studio.owner.user, links.Terms(password=PASSWORD))
    page = new_context(java_script_enabled=False).new_page()
    page.goto(reverse("guest", args=[token]))
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name="Open").click()
    page.locator(".reel").get_by_role("link", name="The walk").click()
    page.fill("[name=name]", "Rosa")
    page.fill("[name=text]", "Slower?")
    page.get_by_role("button", name="Ask for changes").click()
    expect(page.locator("#head")).to_contain_text("Changes requested by Rosa")
    expect(page.locator(".remark")).to_contain_text("Slower?")
    assert Verdict.objects.get().item.title == "The walk"
    page.goto("about:blank")


# ---- The room -------------------------------------------------------------------------------


@pytest.fixture
def room(phone: Page, studio: Studio) -> Page:
    """A guest's phone in an open room of three clips."""
    _link, token = links.make(make_reel(studio), studio.owner.user, links.Terms())
    phone.goto(reverse("guest", args=[token]))
    return phone


def title(page: Page) -> Locator:
    return page.locator(".review-title h2")


def swipe(page: Page, across: int) -> None:
    box = page.locator("#player video").bounding_box()
    assert box
    middle = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 3}
    touch = page.context.new_cdp_session(page)
    for kind, moved in (("touchStart", 0), ("touchMove", across), ("touchEnd", None)):
        points = [] if moved is None else [{"x": middle["x"] + moved, "y": middle["y"]}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    touch.detach()


def test_keys_and_swipes_lead_from_clip_to_clip_and_back_returns(room: Page) -> None:
    room.evaluate("window.untouched = true")
    expect(title(room)).to_have_text("The bottle")
    room.keyboard.press("n")
    expect(title(room)).to_have_text("The walk")
    swipe(room, -150)
    expect(title(room)).to_have_text("The face")
    swipe(room, 150)
    expect(title(room)).to_have_text("The walk")
    room.keyboard.press("p")
    expect(title(room)).to_have_text("The bottle")
    assert room.evaluate("window.untouched")
    expect(room.locator(".thumb [aria-current=true]")).to_have_text("The bottle")
    room.keyboard.press("k")
    until(room, "!document.querySelector('#player video').paused")
    room.go_back()
    expect(title(room)).to_have_text("The walk")


def test_a_range_is_two_moments_of_the_film(room: Page) -> None:
    room.fill("[name=name]", "Rosa")
    film = "document.querySelector('#player video')"
    until(room, f"{film}.readyState > 0")
    room.evaluate(f"{film}.currentTime = 1")
    until(room, f"!{film}.seeking")
    room.get_by_role("button", name="Range").tap()
    room.evaluate(f"{film}.currentTime = 3")
    expect(room.locator(".remark-form-time")).to_have_text("0:01.00 – 0:03.00")
    room.locator("#id_text").fill("Keep.")
    room.get_by_role("button", name="Send the remark").tap()
    expect(room.locator(".remark-at")).to_have_text("0:01.00 – 0:03.00")
    expect(room.locator(".remark-range")).to_be_visible()
    room.evaluate(f"{film}.currentTime = 0")
    room.locator(".remark-at").tap()
    until(room, f"Math.abs({film}.currentTime - 1) < 0.1")


def test_what_is_typed_survives_what_arrives(room: Page, studio: Studio) -> None:
    room.fill("[name=name]", "Rosa")
    room.locator("#id_text").press_sequentially("The shadow should fall")
    collection = Collection.objects.get()
    item, link = collection.items.present()[0], collection.links.get()
    review.add_remark(link, links.start_visit(link), item, "From somebody else")
    expect(room.locator(".remark")).to_contain_text("From somebody else")
    expect(room.locator("#id_text")).to_have_value("The shadow should fall")
    expect(room.locator("#id_text")).to_be_focused()
    expect(room.locator("[name=name]")).to_have_value("Rosa")


def test_a_newer_version_says_so_and_is_not_approved_unseen(room: Page, studio: Studio) -> None:
    collection = Collection.objects.get()
    better = File.objects.get(task=studio.keep())
    room.fill("[name=name]", "Rosa")
    collections.replace(collection.items.present()[0], better)
    expect(room.locator("#head .notice")).to_contain_text("There is a newer version of this clip.")
    room.locator("#head .notice a").tap()
    room.fill("[name=name]", "Rosa")
    room.get_by_role("button", name="Approve").tap()
    expect(room.locator("#head .state.leaf")).to_contain_text("Approved by Rosa")
    assert Verdict.objects.get().file == better


def test_a_link_that_is_taken_back_ends_the_open_page(
    studio: Studio, new_context: Callable[..., BrowserContext]
) -> None:
    link, token = links.make(make_reel(studio), studio.owner.user, links.Terms())
    page = new_context().new_page()  # its console tells of the 404, and rightly
    page.goto(reverse("guest", args=[token]))
    expect(page.locator("#player")).to_be_visible()
    links.revoke(link, studio.owner.user)
    expect(page.get_by_role("heading", level=1)).to_have_text("This link does not work")
    page.goto("about:blank")


# ---- Arranging ------------------------------------------------------------------------------


def places(page: Page) -> list[str]:
    return page.locator(".item .card-link").all_inner_texts()


def test_clips_are_ordered_by_drag_and_the_order_stays(inside: Page, studio: Studio) -> None:
    collection = make_reel(studio)
    inside.goto(studio.address("collection", collection.pk))
    assert places(inside) == ["The bottle", "The walk", "The face"]
    with inside.expect_response("**/order"):
        inside.locator(".item").nth(2).drag_to(
            inside.locator(".item").nth(0), target_position={"x": 10, "y": 40}
        )
    expect(inside.locator(".item .card-link").first).to_have_text("The face")
    inside.reload()
    assert places(inside) == ["The face", "The bottle", "The walk"]
    expect(inside.locator(".item-ordinal")).to_have_text(["1", "2", "3"])


def test_clips_are_ordered_by_keys_which_say_where_they_are(inside: Page, studio: Studio) -> None:
    collection = make_reel(studio)
    inside.goto(studio.address("collection", collection.pk))
    inside.locator(".grip").nth(0).focus()
    with inside.expect_response("**/order"):
        inside.keyboard.press("ArrowRight")
        inside.keyboard.press("ArrowRight")
    expect(inside.locator("#moved")).to_have_text("The bottle, now 3 of 3")
    expect(inside.locator(".item").nth(2).locator(".grip")).to_be_focused()
    inside.reload()
    assert places(inside) == ["The walk", "The face", "The bottle"]


def test_a_clip_joins_a_collection_from_its_card(inside: Page, studio: Studio) -> None:
    collection = make_reel(studio)
    task = studio.keep()
    inside.goto(studio.address("gallery"))
    card = inside.locator(f"#task-{task.pk}")
    card.hover()
    card.locator("[data-add]").click()
    inside.locator("#add-to").get_by_role("button", name="Salt and Amber").click()
    expect(inside.locator("#selection-status")).to_contain_text("1 clip added to “Salt and Amber”")
    expect(inside.locator(".rail-count").first).to_have_text("4")
    assert collection.items.count() == 4
    inside.keyboard.press("Escape")
    inside.keyboard.press("Escape")
    expect(inside.locator(".pick:checked")).to_have_count(0)


def test_a_remark_reaches_the_open_page_of_its_collection(inside: Page, studio: Studio) -> None:
    collection = make_reel(studio)
    link, _token = links.make(collection, studio.owner.user, links.Terms(name="Aurel"))
    inside.goto(studio.address("collection", collection.pk))
    visit = links.start_visit(link)
    review.introduce(visit, "Rosa")
    review.add_remark(link, visit, collection.items.present()[1], "Slower?", 1200)
    expect(inside.locator(".remark-summary")).to_contain_text("Slower?")
    expect(inside.locator(".item").nth(1)).to_contain_text("1 open remark")
    inside.locator(".remark-summary a").click()
    expect(inside.locator(".review-title h2")).to_have_text("The walk")


# ---- Every page -----------------------------------------------------------------------------


def furnish(studio: Studio, language: str = "en") -> Iterator[str]:
    """The pages of sharing with something of everything on them; the last three are a guest's."""
    collection = make_reel(studio)
    terms = links.Terms(name="Aurel", allows_downloads=True, language=language)
    link, token = links.make(collection, studio.owner.user, terms)
    _locked, gate = links.make(
        collection, studio.owner.user, links.Terms(password=PASSWORD, language=language)
    )
    visit = links.start_visit(link)
    review.introduce(visit, "Rosa, Aurel")
    first, second, _third = collection.items.present()
    remark = review.add_remark(link, visit, first, "Slower?", 1000, 3000)
    review.answer(remark, studio.owner.user, "Yes.")
    review.settle(review.add_remark(link, visit, first, "Fine."), studio.owner.user, settled=True)
    for item, decision in ((first, Decision.APPROVED), (second, Decision.CHANGES)):
        review.decide(link, visit, item, decision, item.file.sha256)
    collections.replace(first, File.objects.get(task=studio.keep()))
    empty = collections.make(studio.team, studio.owner.user, "Night ferry")
    yield studio.address("collections")
    yield studio.address("collection", collection.pk)
    yield studio.address("collection", empty.pk)
    yield studio.address("review", collection.pk)
    yield studio.address("item_replace", collection.pk, first.pk)
    yield studio.address("share_new", collection.pk)
    yield studio.address("shares")
    yield studio.address("gallery") + "?q=dusk&state=succeeded&from=2026-01-01"
    yield reverse("guest", args=[token])
    yield reverse("guest", args=[gate])
    yield reverse("guest", args=["nothing"])


def test_every_page_of_sharing_can_be_used_by_everybody(inside: Page, studio: Studio) -> None:
    inside.emulate_media(reduced_motion="reduce")
    inspector = pages.Inspector(inside, [])
    for address in furnish(studio):
        inspector.look_over(address)
    wrong = "\n".join(inspector.wrong)
    assert not wrong, wrong


# What was typed above, and what is the same in every language.
SAME = ["Rushes", "Harbour", "Lane", "Mei", "Tanaka", "HL", "English", "MB", "kB"]
SAME += ["The", "bottle", "walk", "face", "Salt", "and", "Amber", "Night", "ferry", "Rosa", "Aurel"]


def test_no_english_word_is_left_on_a_chinese_page_of_sharing(
    inside: Page, live_server: LiveServer, studio: Studio
) -> None:
    cookie = {"name": "django_language", "value": "zh-hans", "url": live_server.url}
    inside.context.add_cookies([cookie])  # type: ignore[list-item]
    foreign: list[str] = []
    for address in furnish(studio, language="zh-hans"):
        inside.goto(address)
        expect(inside.locator("html")).to_have_attribute("lang", "zh-Hans")
        foreign += [f"{address} {text}" for text in inside.evaluate(pages.LATIN, SAME)]
    assert not foreign, "\n".join(foreign)
