"""What nobody can read, in an address or in a form, is a 404 or a sentence, and never a 500."""

from collections.abc import Iterable

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from generations.models import Credential, Film, Membership, Task
from project import urls
from tests.cases import case
from tests.films.stage import make_read_film

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}

# Python refuses to read a number of more than 4,300 digits; "٣" is a decimal digit to it.
UNREADABLE = ("9" * 5000, "-1", "1e3", "٣", "x")
CURSORS = ("2026-01-01T00:00:00Z~", "0001-01-01T00:00:00+14:00~1", "9999-12-31T23:59:59-14:00~1")

# The names in a query that lead nowhere where they cannot be read.
NAMES = {
    "gallery": ("before", "state", "key", "by", "from", "to", "collection"),
    "changes": ("since",),
    "trash": ("before",),
    "films": ("before",),
    "generate": ("like",),
}
# The names that are passed over, or taken as words, where they cannot be read.
PASSED_OVER = {
    "gallery": ("q", "kind", "model", "silent"),
    "generate": (
        *("kind", "credential", "also", "model", "duration", "resolution", "aspect_ratio"),
        *("seed", "count", "images", "image_names", "without", "shown_for", "form_token"),
    ),
    "film_new": ("credential", "duration", "aspect_ratio", "language", "images", "without"),
    "at_risk": ("rows",),
    "import": ("rows",),
    "films": ("since",),
}
OLDER = "2026-01-01T00:00:00Z~1"
ORDER_FIELDS = (*PASSED_OVER["generate"], "prompt", "update")
POSTED = {
    "film_edit": ("make", "shot", "count", "type", "storyboard_video_index"),
    "film_choose": ("take", "at"),
    "film_compose": ("takes", "narration", "music", "video_task_ids", "at"),
}


@pytest.fixture
def film(member: Membership) -> Film:
    return make_read_film(membership=member)


def all_named(names: Iterable[str], value: str) -> dict[str, str]:
    return dict.fromkeys(names, value)


def test_an_address_that_nobody_can_read_leads_nowhere(
    site: Client, film: Film, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(  # its page takes longer than the answer
        urls, "handler404", lambda request, exception: HttpResponse(status=404), raising=False
    )
    team = film.team.slug
    for page, names in NAMES.items():
        address = reverse(page, args=[team])
        for name in names:
            for value in (*UNREADABLE, *(CURSORS if name in {"before", "since"} else ())):
                with case((page, name, value[:30])):
                    assert site.get(address, {name: value}).status_code == 404
            if name != "since":
                with case((page, name, "nothing")):
                    assert site.get(address, {name: ""}, headers=HTMX).status_code == 200
    for name, value in {"from": "2026-02-30", "to": "9999-12-31", "key": "9" * 30}.items():
        with case((name, value)):
            assert site.get(reverse("gallery", args=[team]), {name: value}).status_code == 404
    with case("two cuts of which there is one"):
        compare = reverse("film_compare", args=[team, film.pk])
        assert {
            site.get(compare, {"one": "1", "other": value}).status_code
            for value in (*UNREADABLE, "")
        } == {404}


def test_what_is_no_word_of_a_page_is_passed_over(site: Client, film: Film) -> None:
    for value in (*UNREADABLE, ""):
        for page, names in PASSED_OVER.items():
            with case((page, value[:30])):
                address = reverse(page, args=[film.team.slug])
                # The gallery answers a script with older cards alone.
                query = all_named(names, value) | ({"before": OLDER} if page == "gallery" else {})
                answer = site.get(address, query, headers=HTMX)
                assert answer.status_code == 200
        with case(("film_changes", value[:30])):
            address = reverse("film_changes", args=[film.team.slug, film.pk])
            assert site.get(address, {"since": value, "at": value}).status_code == 200


def test_a_form_that_nobody_can_read_is_refused_with_a_sentence(
    site: Client, film: Film, credential: Credential
) -> None:
    team = film.team.slug
    for value in (UNREADABLE[0], "x", ""):
        for page, names in POSTED.items():
            with case((page, value[:30])):
                address = reverse(page, args=[team, film.pk])
                answer = site.post(address, all_named(names, value), headers=HTMX)
                assert answer.status_code == 200
                assert 'role="alert"' in answer.text
        for page in ("generate", "film_new"):
            with case((page, value[:30])):
                sent = all_named(set(ORDER_FIELDS) - {"update"}, value)
                assert site.post(reverse(page, args=[team]), sent).status_code == 422
        with case(("import", value[:30])):
            sent = {"credential": value, "numbers": value}
            assert site.post(reverse("import", args=[team]), sent).status_code == 422
    assert not Task.objects.exclude(pk=film.task_id).exists()
