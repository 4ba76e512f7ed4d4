"""What an address or a form says: what nobody can read leads nowhere, and never breaks a page."""

import pytest
from django.test import Client
from django.urls import reverse

from generations.models import Role
from tests.cases import case
from tests.factories import make_member

from .stage import House

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("blank_pages")]

# Python refuses to convert the first; the others look like numbers to some parser or other.
NO_NUMBERS = ("9" * 5000, "-1", "1e3", "٣", "x")
LARGEST = "9" * 18  # a number that a column can hold, and no row has
PAGES: dict[str, tuple[str, ...]] = {
    "gallery": ("before", "since", "by", "key", "collection", "from", "to"),
    "changes": ("since",),
    "generate": ("like", "credential", "duration", "seed", "images", "shown_for", "subject"),
    "task": ("since",),
    "trash": ("before",),
    "films": ("before", "since"),
    "film": ("at",),
    "film_changes": ("since", "at"),
    "film_compare": ("one", "other"),
    "film_new": ("credential", "images"),
    "uploads": ("before",),
    "collection": ("since",),
    "review": ("clip", "since"),
    "download": ("collection",),
    "usage": ("days", "month", "first", "last", "by", "credential", "film"),
    "usage_rows": ("days", "month", "first", "last", "by", "credential", "film", "before"),
    "usage_csv": ("days", "month", "first", "last", "by", "credential", "film"),
    "guest": ("clip", "since"),
}
# Where each of these words is a number, a day or a cursor, and nothing else.
STRICT = {
    "usage": PAGES["usage"],
    "usage_rows": PAGES["usage_rows"],
    "usage_csv": PAGES["usage_csv"],
    "uploads": ("before",),
    "trash": ("before",),
    "review": ("clip",),
    "download": ("collection",),
    "guest": ("clip",),
}
FORMS: dict[str, tuple[str, ...]] = {
    "generate": ("credential", "count", "duration", "seed", "images", "image_subjects", "also"),
    "film_new": ("credential", "images"),
    "film_edit": ("shot", "count"),
    "film_choose": ("take",),
    "film_compose": ("takes", "narration", "music"),
    "task_found": ("number",),
    "upload_frames": ("file",),
    "collection_new": ("files",),
    "collection_add": ("collection", "files"),
    "collection_order": ("items", "up", "down"),
    "item_replace": ("file",),
    "download": ("files",),
    "credential": ("slots", "requests_per_minute"),
    "prices": ("offer", "amount", "checked_on"),
    "fall_dismiss": ("reason",),
    "credential_new": ("slots", "requests_per_minute"),
    "share_new": ("days",),
    "guest_review": ("start_ms", "end_ms"),
}
# What a form must say before its numbers are read.
BESIDE = {"film_edit": {"make": "shot", "prompt": "At dusk"}}


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def owner(house: House, client: Client) -> Client:
    client.force_login(make_member(team=house.team, role=Role.OWNER).user)
    return client


def address(house: House, name: str) -> str:
    if name == "guest":
        return reverse(name, args=[house.share_token])
    if name == "guest_review":
        return reverse(name, args=[house.share_token, house.item.pk])
    return house.address(name).partition("?")[0]


def test_no_word_in_an_address_breaks_a_page(house: House, owner: Client) -> None:
    for name, words in PAGES.items():
        for word in words:
            is_strict = word in STRICT.get(name, ())
            for value in (*NO_NUMBERS, LARGEST) if is_strict else ("9" * 5000, "٣", "-1"):
                with case((name, word, value[:20])):
                    status = owner.get(address(house, name), {word: value}).status_code
                    assert status == 404 if is_strict and value != LARGEST else status < 500


def test_no_field_of_a_form_breaks_a_page(house: House, owner: Client) -> None:
    for name, fields in FORMS.items():
        forms = [{field: "9" * 5000} for field in fields]
        forms += [dict.fromkeys(fields, value) for value in (*NO_NUMBERS, LARGEST)]
        for form in forms:
            with case((name, {field: value[:20] for field, value in form.items()})):
                sent = BESIDE.get(name, {}) | form
                assert owner.post(address(house, name), sent).status_code < 500


def test_days_beyond_the_calendar_lead_nowhere(house: House, owner: Client) -> None:
    for query in ({"month": "9999-12"}, {"first": "0001-01-01"}, {"month": "0000-01"}):
        with case(query):
            assert owner.get(address(house, "usage"), query).status_code == 404
