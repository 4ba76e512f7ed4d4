"""A statement is given, looked over, taken in; what differs is accepted or disputed there."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from generations.models import Attempt, Claim, Credential, Entry, Membership, Statement, User

ADD = reverse("admin:generations_statement_add")
CLAIMS = reverse("admin:generations_claim_changelist")
type Fill = Callable[[int], list[Membership]]


@pytest.fixture
def key(fill: Fill) -> Credential:
    """Of a team with one settled clip; what ``fill`` claims already is another matter."""
    fill(1)
    return Credential.objects.get()


def give(site: Client, key: Credential, text: str, name: str = "october.csv") -> Any:
    file = SimpleUploadedFile(name, text.encode(), "text/csv")
    return site.post(ADD, {"credential": key.pk, "file": file}, follow=True)


def newest() -> Statement:
    return Statement.objects.latest("pk")


def door(row: Statement | Claim) -> str:
    name = f"admin:generations_{row._meta.model_name}_change"
    return reverse(name, args=[row.pk])


def test_a_file_is_looked_over_before_anything_is_imported(site: Client, key: Credential) -> None:
    number = Attempt.objects.get().remote_id
    page = give(site, key, f"task_id,credits\n{number},3\n77,20\n").content.decode()
    assert "Import 2 lines" in page
    assert "unknown here" in page
    assert newest().imported_at is None
    assert Claim.objects.count() == 2


def test_it_is_imported_when_a_person_says_so(
    site: Client, key: Credential, operator: User
) -> None:
    give(site, key, "task_id,credits\n77,20\n78,30\n")
    page = site.post(door(newest()), {"_import": "1"}, follow=True).content.decode()
    assert "2 lines were imported." in page
    assert "2 tasks differ and wait for a decision." in page
    assert (newest().imported_by, newest().lines.count()) == (operator, 2)


def test_the_same_file_again_is_told_and_changes_nothing(site: Client, key: Credential) -> None:
    for _ in range(2):
        page = give(site, key, "task_id,credits\n77,20\n").content.decode()
        site.post(door(newest()), {"_import": "1"})
    assert "was imported on" in page
    assert newest().lines.count() == 1


def test_columns_that_nobody_knows_are_chosen_and_what_is_chosen_is_kept(
    site: Client, key: Credential
) -> None:
    page = give(site, key, "A,B\n20,77\n").content.decode()
    assert "Choose the column of" in page
    assert "_import" not in page
    chosen = {"column-number": "1", "column-amount": "0"}
    page = site.post(door(newest()), {"_read": "1", **chosen}).content.decode()
    assert '<option value="1" selected>B</option>' in page
    assert "Import 1 line" in page
    site.post(door(newest()), {"_import": "1", **chosen})
    assert Claim.objects.get(remote_id="77").amount == 20


def test_lines_that_cannot_be_read_are_told_with_their_place(site: Client, key: Credential) -> None:
    page = give(site, key, "task_id,credits\n9.1E+17,20\n77,free\n78,1\n").content.decode()
    assert "A spreadsheet rounded its task ID" in page
    assert "Its amount is not a number." in page


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04\0\0", "This is not a CSV file."),
        (b"\n \n", "The file has no row."),
    ],
)
def test_what_is_no_statement_is_refused_and_the_key_stays_chosen(
    site: Client, key: Credential, content: bytes, said: str
) -> None:
    before = Statement.objects.count()
    response = site.post(ADD, {"credential": key.pk, "file": SimpleUploadedFile("a.csv", content)})
    assert response.status_code == 422
    assert said in response.content.decode()
    assert f'<option value="{key.pk}" selected>' in response.content.decode()
    assert Statement.objects.count() == before


def test_a_file_can_be_discarded_until_it_is_imported(site: Client, key: Credential) -> None:
    give(site, key, "task_id,credits\n77,20\n")
    given = newest()
    site.post(door(given), {"_discard": "1"})
    assert not Statement.objects.filter(pk=given.pk).exists()
    imported = newest()
    site.post(door(imported), {"_discard": "1"})
    assert Statement.objects.filter(pk=imported.pk).exists()


# ---- Deciding -----------------------------------------------------------------------------------


@pytest.fixture
def claim(key: Credential) -> Claim:
    """50 are claimed, 40 are booked."""
    return Claim.objects.exclude(attempt=None).get()


def post(site: Client, claim: Claim, data: Mapping[str, str]) -> str:
    return site.post(door(claim), data, follow=True).content.decode()


def test_a_claim_is_disputed_with_a_reason(site: Client, claim: Claim, operator: User) -> None:
    assert "Disputed; the books stay" in post(site, claim, {"_dispute": "1", "reason": "Told 40."})
    claim.refresh_from_db()
    assert (claim.decision, claim.reason, claim.decided_by) == ("disputed", "Told 40.", operator)


def test_without_a_reason_a_dispute_is_asked_for_one(site: Client, claim: Claim) -> None:
    assert "Give a reason for the dispute" in post(site, claim, {"_dispute": "1", "reason": " "})
    claim.refresh_from_db()
    assert claim.decision == ""


def test_a_claim_is_accepted_and_booked(site: Client, claim: Claim) -> None:
    assert "the difference is booked" in post(site, claim, {"_accept": "1"})
    assert Entry.objects.get(kind="correct").amount == 10
    assert "Accepted" in site.get(CLAIMS, {"state": "accepted"}).content.decode()


def test_several_claims_are_decided_at_once_with_one_reason(site: Client, claim: Claim) -> None:
    chosen = {"action": "dispute_chosen", "_selected_action": [c.pk for c in Claim.objects.all()]}
    asked = site.post(CLAIMS, chosen).content.decode()
    assert asked.count('name="_selected_action"') == 2
    assert (
        "Give a reason for the dispute"
        in site.post(CLAIMS, {**chosen, "_confirmed": "1", "reason": ""}).content.decode()
    )
    answer = site.post(CLAIMS, {**chosen, "_confirmed": "1", "reason": "Not ours."}, follow=True)
    assert "2 claims were decided." in answer.content.decode()
    assert set(Claim.objects.values_list("decision", "reason")) == {("disputed", "Not ours.")}


def test_what_is_decided_already_is_left(site: Client, claim: Claim) -> None:
    post(site, claim, {"_accept": "1"})
    chosen = {"action": "accept_chosen", "_selected_action": [c.pk for c in Claim.objects.all()]}
    page = site.post(CLAIMS, {**chosen, "_confirmed": "1"}, follow=True).content.decode()
    assert "1 claim was decided." in page
    assert "1 was left" in page
