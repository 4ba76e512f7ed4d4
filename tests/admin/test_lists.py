"""Every list, every search and every page of the admin site."""

from collections.abc import Callable

import pytest
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from generations.admin import records
from generations.models import Attempt, Credential, File, Invitation, ShareLink, Task, User
from tests.full_site import LINK

OURS = [model for model in admin.site._registry if model._meta.app_label == "generations"]
CHANGED_HERE = {"User", "Team", "Membership", "Claim", "Statement", "OfferChange"}
READ_ONLY = [model for model in OURS if model.__name__ not in CHANGED_HERE]
type Fill = Callable[[int], object]


def address(model: type[Model], page: str, *arguments: object) -> str:
    return reverse(f"admin:generations_{model.__name__.lower()}_{page}", args=arguments)


def secrets() -> list[str]:
    """All that no page of the admin site may show."""
    tokens = Attempt.objects.values_list("token", "reference")
    return [
        *(secret for pair in tokens for secret in pair),
        *Credential.objects.values_list("sealed_key", flat=True),
        *Invitation.objects.values_list("token_hash", flat=True),
        *(
            secret
            for pair in ShareLink.objects.values_list("token_hash", "password")
            for secret in pair
        ),
        *User.objects.values_list("password", flat=True),
        "key-that-nobody-may-see",
    ]


def read(site: Client, path: str) -> str:
    response = site.get(path)
    assert response.status_code == 200, path
    return response.content.decode()


def pages(model: type[Model]) -> list[str]:
    """The page of each row."""
    return [address(model, "change", row.pk) for row in model._default_manager.all()]


def queries(site: Client, path: str) -> tuple[str, list[str]]:
    """What a page says, and what it asks of the database."""
    with CaptureQueriesContext(connection) as captured:
        text = read(site, path)
    return text, [query["sql"] for query in captured.captured_queries]


def test_every_page_opens_without_secrets_and_with_as_many_queries_beside_many_rows(
    site: Client, fill: Fill
) -> None:
    """Lists, searches and the page of each row; lists and pages once more beside many rows."""
    fill(1)
    ContentType.objects.get_for_models(*OURS)  # asked once by each process
    read(site, address(OURS[0], "changelist"))
    hidden, wrong, few = secrets(), [], {}
    for model in OURS:
        listed, of_rows = address(model, "changelist"), pages(model)
        searches = [f"{listed}?q={term}" for term in ("harbour 7 ''", "9" * 30)]
        for path in [listed, *searches, *of_rows]:
            text, asked = queries(site, path)
            wrong += [(path, secret) for secret in hidden if secret in text]
            wrong += [(path, query) for query in asked if "sealed_key" in query]
            assert asked
            if path in {listed, of_rows[0]}:
                few[path] = len(asked)
    assert wrong == []
    fill(3)
    assert {path: len(queries(site, path)[1]) for path in few} == few


LOOKUPS = [
    (Attempt, "token__startswith"),
    (Attempt, "reference__startswith"),
    (Credential, "sealed_key__startswith"),
    (Invitation, "token_hash__startswith"),
    (ShareLink, "token_hash__startswith"),
    (ShareLink, "password__startswith"),
    (User, "password__startswith"),
    (File, "url__startswith"),
]


def test_no_list_can_be_asked_for_the_first_letters_of_a_secret(site: Client, fill: Fill) -> None:
    fill(1)
    told = {
        (model, lookup): site.get(address(model, "changelist"), {lookup: "a"}).status_code
        for model, lookup in LOOKUPS
    }
    assert told == dict.fromkeys(LOOKUPS, 400)


def test_the_link_of_a_file_is_on_its_page_and_not_in_the_list(site: Client, fill: Fill) -> None:
    fill(1)
    file = File.objects.get()
    assert LINK not in read(site, address(File, "changelist"))
    assert LINK in read(site, address(File, "change", file.pk))


def test_a_raw_reply_is_shown_with_our_own_secrets_masked(site: Client, fill: Fill) -> None:
    fill(1)
    attempt = Attempt.objects.get()
    shown = read(site, address(Attempt, "change", attempt.pk))
    assert "•••" in shown
    assert "task_id" in shown


def test_a_search_finds_a_task_by_the_providers_number(site: Client, fill: Fill) -> None:
    fill(3)
    attempt = Attempt.objects.order_by("pk")[1]
    Attempt.objects.filter(pk=attempt.pk).update(remote_id="8400000000000000001")
    found = site.get(address(Task, "changelist"), {"q": "8400000000000000001"}).context["cl"]
    assert [task.pk for task in found.result_list] == [attempt.task_id]


def test_a_list_counts_no_further_than_it_must(
    site: Client, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "MOST_COUNTED", 3)
    fill(5)
    assert "3 tasks or more" in read(site, address(Task, "changelist"))


def test_what_the_site_writes_cannot_be_added_changed_or_deleted(site: Client, fill: Fill) -> None:
    fill(1)
    let_in = []
    for model in READ_ONLY:
        row = model._default_manager.order_by("pk")[0]
        doors = [address(model, "add"), address(model, "change", row.pk)]
        doors.append(address(model, "delete", row.pk))
        let_in += [d for d in doors if site.post(d, {"state": "failed"}).status_code != 403]
        assert model._default_manager.filter(pk=row.pk).exists()
    assert let_in == []


def test_the_old_addresses_of_renamed_models_lead_to_the_new_ones(site: Client) -> None:
    for old, new in (("pulse", "heartbeat"), ("composition", "cut"), ("event", "auditevent")):
        for rest in ("", "?q=one", "7/change/"):
            answer = site.get(f"/admin/generations/{old}/{rest}")
            assert answer.status_code == 302
            assert answer["Location"] == f"/admin/generations/{new}/{rest}"


def test_the_queue_has_no_pages(site: Client) -> None:
    for page in ("ormq", "schedule", "success", "failure"):
        assert site.get(f"/admin/django_q/{page}/").status_code == 404, page


def test_the_overview_is_told_apart_by_what_it_is_about(site: Client) -> None:
    shown = read(site, reverse("admin:index"))
    places = [shown.index(f'class="app-{name} ') for name in ("credits", "work", "people")]
    assert places == sorted(places)
