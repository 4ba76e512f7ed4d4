"""The pictures of an order in a real browser: given in every way, named, moved, taken away."""

import base64
import io
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from generations.models import Upload
from tests.factories import make_upload
from tests.journeys.pages import AXE, NARROW, RULES, RUN, TURN, WIDE
from tests.media.clips import moving

from .studio import (
    Complaints,
    Studio,
    sign_in,
    until,
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.journeys.picture_page"),
]

REFUSED = re.compile(r"Failed to load resource: .* status of 4(13|22)")
FILES = """([where, files]) => {
  const data = new DataTransfer();
  for (const [name, text] of files) {
    const bytes = Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
    data.items.add(new File([bytes], name, { type: "image/png" }));
  }
  const target = document.querySelector(where);
  const how = { bubbles: true, cancelable: true, dataTransfer: data, clipboardData: data };
  %s
}"""
DROP = (
    FILES
    % """
  for (const name of ["dragover", "drop"]) target.dispatchEvent(new DragEvent(name, how));"""
)
PASTE = FILES % "target.dispatchEvent(new ClipboardEvent('paste', how));"


@pytest.fixture
def easel(
    transactional_db: None, page: Page, live_server: LiveServer, studio: Studio
) -> Iterator[Page]:
    """The page of references, signed in; its console tells of nothing but refused pictures."""
    complaints = Complaints(page)
    sign_in(page, live_server.url, studio.owner.user)
    page.goto(f"{live_server.url}/t/{studio.team.slug}/easel")
    yield page
    page.goto("about:blank")
    assert [text for text in complaints.heard if not REFUSED.search(text)] == []


def png(shade: int = 0) -> bytes:
    image = moving(160, 120)(0)
    image.paste((shade, 40, 90), (0, 0, 60, 60))
    buffer = io.BytesIO()
    image.save(buffer, "png")
    return buffer.getvalue()


def files(*shades: int) -> list[tuple[str, str]]:
    return [(f"{shade}.png", base64.b64encode(png(shade)).decode()) for shade in shades]


def choose(page: Page, *shades: int) -> None:
    """As a person does it in the browser's own dialog."""
    given = [
        {"name": f"{shade}.png", "mimeType": "image/png", "buffer": png(shade)} for shade in shades
    ]
    page.set_input_files("[data-slots] input[type=file]", given)  # type: ignore[arg-type]


def slots(page: Page) -> Locator:
    return page.locator(".slot")


def said(page: Page) -> list[str]:
    """The pictures and their names as the server knows them."""
    return page.inner_text("#said").split()


def names(page: Page) -> list[str]:
    """The files' names in the order of the slots."""
    return [str(one.get_attribute("alt")) for one in page.locator(".slot-picture").all()]


def test_pictures_are_chosen_from_the_disk_and_the_form_hears_of_them(easel: Page) -> None:
    choose(easel, 0, 100)
    expect(slots(easel)).to_have_count(2)
    first, second = Upload.objects.order_by("pk")
    expect(easel.locator("#said")).to_have_text(f"{first.pk}: {second.pk}:")
    assert names(easel) == ["0.png", "100.png"]
    expect(easel.locator("[data-count]")).to_have_text("2")
    assert easel.input_value("[data-slots] input[type=file]") == ""
    assert "picture=" not in easel.evaluate("performance.getEntriesByType('resource').at(-1).name")


@pytest.mark.parametrize(("deed", "where"), [(DROP, ".drop"), (DROP, "h1"), (PASTE, "body")])
def test_pictures_are_dropped_anywhere_and_pasted(easel: Page, deed: str, where: str) -> None:
    easel.evaluate(deed, [where, files(10, 120)])
    expect(slots(easel)).to_have_count(2)
    expect(easel.locator("#said")).to_have_text(": ".join(f"{pk}" for pk in pks()) + ":")


def pks() -> list[int]:
    return list(Upload.objects.order_by("pk").values_list("pk", flat=True))


def test_the_focus_stays_where_a_keyboard_moves_and_takes_away(easel: Page) -> None:
    choose(easel, 0, 90, 180)
    expect(slots(easel)).to_have_count(3)
    later = slots(easel).nth(0).locator("[data-move='1']")
    later.focus()
    easel.keyboard.press("Enter")
    expect(slots(easel).nth(1).locator("[data-move='1']")).to_be_focused()
    assert names(easel) == ["90.png", "0.png", "180.png"]
    easel.keyboard.press("Enter")
    expect(slots(easel).nth(2).locator("[data-remove]")).to_be_focused()
    assert names(easel) == ["90.png", "180.png", "0.png"]
    until(easel, "document.querySelectorAll('#said').length")
    one, two, three = pks()
    expect(easel.locator("#said")).to_have_text(f"{two}: {three}: {one}:")
    easel.keyboard.press("Enter")
    expect(slots(easel)).to_have_count(2)
    expect(easel.locator("[data-slots] input[type=file]")).to_be_focused()
    slots(easel).nth(0).locator("[data-remove]").press("Enter")
    expect(slots(easel).nth(0).locator("[data-remove]")).to_be_focused()
    expect(easel.locator("#said")).to_have_text(f"{three}:")


def test_a_name_reaches_the_server_and_goes_where_its_picture_goes(easel: Page) -> None:
    choose(easel, 0, 90)
    expect(slots(easel)).to_have_count(2)
    one, two = pks()
    easel.locator("[name=image_names]").nth(0).fill("@bottle")
    easel.locator("[name=image_names]").nth(1).fill("sand")
    easel.locator("h1").click()
    expect(easel.locator("#said")).to_have_text(f"{one}:bottle {two}:sand")
    slots(easel).nth(1).hover()
    slots(easel).nth(1).locator("[data-move='-1']").click()
    expect(easel.locator("#said")).to_have_text(f"{two}:sand {one}:bottle")
    values = [one.input_value() for one in easel.locator("[name=image_names]").all()]
    assert values[0] == "sand"
    assert values[1].endswith("bottle")


def test_a_bad_file_is_told_beside_the_box_and_forgotten_with_the_next_good_one(
    easel: Page,
) -> None:
    bad = [("notes.txt", base64.b64encode(b"hello").decode())]
    easel.evaluate(DROP, [".drop", bad])
    expect(easel.locator(".slots-status .error")).to_have_text(
        "notes.txt: This file is not a picture. Choose a PNG, JPEG or WebP."
    )
    choose(easel, 5)
    expect(slots(easel)).to_have_count(1)
    expect(easel.locator(".slots-status .error")).to_have_count(0)


def test_what_has_no_place_is_told_and_the_box_is_there_again_when_one_is_free(
    easel: Page,
) -> None:
    choose(easel, *range(0, 160, 20))
    expect(slots(easel)).to_have_count(7)
    expect(easel.locator(".slot-add")).to_be_hidden()
    expect(easel.locator(".slots-status .error")).to_contain_text("All places are used.")
    assert Upload.objects.count() == 7
    slots(easel).nth(0).locator("[data-remove]").click()
    expect(easel.locator(".slot-add")).to_be_visible()


def test_a_new_picture_takes_the_place_of_the_only_one(easel: Page) -> None:
    easel.goto(easel.url + "?kind=image_to_video")
    choose(easel, 0)
    expect(slots(easel)).to_have_count(1)
    easel.evaluate(DROP, ["h1", files(99)])
    expect(easel.locator("#said")).to_have_text(re.compile(r"^\d+:\s*$"))
    until(easel, "document.querySelector('.slot-picture').alt === '99.png'")
    assert names(easel) == ["99.png"]
    expect(easel.locator("[name=image_names]")).to_be_hidden()


def test_the_two_ends_of_a_clip_say_which_they_are_in_any_order(easel: Page) -> None:
    easel.goto(easel.url + "?kind=frames_to_video")
    choose(easel, 0, 90)
    places = easel.locator(".slot-position")
    expect(places).to_have_text(["First frame", "Last frame"])
    slots(easel).nth(0).hover()
    slots(easel).nth(0).locator("[data-move='1']").click()
    expect(places).to_have_text(["First frame", "Last frame"])
    assert names(easel) == ["90.png", "0.png"]


def test_a_picture_that_the_team_has_is_picked_in_a_dialog(easel: Page, studio: Studio) -> None:
    for number in range(30):
        make_upload(team=studio.team, name=f"{number}.jpg")
    easel.click("[data-picker]")
    dialog = easel.locator("#picker")
    expect(dialog).to_be_visible()
    expect(dialog.locator("[data-pick]")).to_have_count(24)
    dialog.get_by_text("Older pictures").click()
    expect(dialog.locator("[data-pick]")).to_have_count(30)
    dialog.locator("[data-pick]").nth(29).press("Enter")
    expect(dialog).to_have_count(0)
    expect(easel.locator("#said")).to_have_text(f"{min(pks())}:")
    assert names(easel) == ["0.jpg"]
    easel.click("[data-picker]")
    expect(dialog).to_be_visible()
    easel.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(easel.locator("[data-picker]")).to_be_focused()


def test_the_last_frame_of_a_clip_is_picked_in_the_dialog(easel: Page, studio: Studio) -> None:
    task = studio.keep()
    easel.click("[data-picker]")
    easel.locator("#picker [data-frame]").get_by_text("Last frame").click()
    expect(slots(easel)).to_have_count(1)
    expect(easel.locator("#picker")).to_have_count(0)
    assert Upload.objects.get().source_at == "last"
    assert names(easel) == [f"{task.pk}-last.jpg"]


def test_when_the_session_has_ended_nothing_is_lost_and_it_is_told(easel: Page) -> None:
    choose(easel, 0)
    expect(slots(easel)).to_have_count(1)
    easel.context.clear_cookies()
    easel.evaluate(DROP, ["h1", files(99)])
    expect(easel.locator(".slots-status .error")).to_contain_text("could not be uploaded")
    expect(slots(easel)).to_have_count(1)


def test_the_widget_and_the_dialog_are_readable_by_everybody(easel: Page, studio: Studio) -> None:
    easel.emulate_media(reduced_motion="reduce")
    studio.keep()
    choose(easel, 0, 90)
    expect(slots(easel)).to_have_count(2)
    easel.evaluate(AXE)
    wrong = judged(easel)
    easel.click("[data-picker]")
    expect(easel.locator("#picker")).to_be_visible()
    wrong += judged(easel)
    assert not wrong, "\n".join(wrong)


def judged(page: Page) -> list[str]:
    """What axe finds in both themes, wide and narrow; a page that is too wide counts too."""
    wrong: list[str] = []
    for size in (WIDE, NARROW):
        page.set_viewport_size(size)
        for theme in ("dark", "light"):
            page.evaluate(TURN, theme)
            wrong += page.evaluate(RUN, {"type": "tag", "values": RULES})
        if page.evaluate("document.documentElement.scrollWidth") > size["width"]:
            wrong.append("too wide")
    return wrong
