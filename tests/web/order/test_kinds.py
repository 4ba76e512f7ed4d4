"""The form starts from what a person wants: from words, a picture, two pictures, references."""

from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from generations.billing import ledger
from generations.models import Credential, Membership, Task, TaskPicture
from generations.teams import credentials
from tests.factories import make_credential, make_member, make_upload

from .test_order import HTMX, balance

pytestmark = pytest.mark.django_db


@pytest.fixture
def relay(member: Membership) -> Credential:
    return make_credential(team=member.team, kind="relay", name="Relay")


@pytest.fixture
def at(member: Membership) -> str:
    return f"/t/{member.team.slug}/new/"


def from_picture(key: Credential, *pictures: int, **other: Any) -> dict[str, Any]:
    return {
        "credential": str(key.pk),
        "kind": "img2video",
        "model": "viduq2-pro",
        "prompt": "The boats leave",
        "images": [str(picture) for picture in pictures],
        "form_token": "one-press",
        **other,
    }


def drawn(width: int = 640, height: int = 360) -> SimpleUploadedFile:
    target = BytesIO()
    Image.new("RGB", (width, height), "teal").save(target, "png")
    return SimpleUploadedFile("harbour.png", target.getvalue(), "image/png")


# ---- Kinds ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "most", "label"),
    [
        ("img2video", 1, "Picture"),
        ("start-end2video", 2, "First frame"),
        ("reference2video", 7, "References"),
    ],
)
def test_each_kind_has_places_for_its_pictures(
    site: Client, at: str, credential: Credential, kind: str, most: int, label: str
) -> None:
    page = site.get(at, {"kind": kind})
    assert page.context["slots"].most == most
    assert label in page.content.decode()


def test_words_alone_have_no_place_for_a_picture(
    site: Client, at: str, credential: Credential
) -> None:
    assert "data-slots" not in site.get(at).content.decode()


def test_only_keys_that_can_make_the_kind_are_shown(
    site: Client, at: str, credential: Credential, relay: Credential
) -> None:
    words = site.get(at).context["choices"]
    picture = site.get(at, {"kind": "img2video"}).context["choices"]
    assert [choice.key.credential for choice in words] == [relay, credential]
    assert [choice.key.credential for choice in picture] == [credential]


def test_a_kind_that_no_key_can_make_is_shown_and_cannot_be_chosen(
    site: Client, at: str, relay: Credential
) -> None:
    page = site.get(at, {"kind": "img2video"})
    assert page.context["form"].kind == "text2video"
    assert "None of this team’s keys can make this." in page.content.decode()


def test_another_model_chosen_leads_to_a_key_that_has_it(
    site: Client, at: str, credential: Credential, member: Membership
) -> None:
    apixo = make_credential(team=member.team, kind="apixo", name="APIXO")
    shown = {"credential": str(credential.pk), "shown_for": str(credential.pk), "form_token": "x"}
    form = site.get(at, {**shown, "model": "vidu-q3"}, headers=HTMX).context["form"]
    assert (form.credential, form.offer.model) == (apixo, "vidu-q3")


def test_another_key_chosen_leads_to_a_model_that_it_has(
    site: Client, at: str, credential: Credential, member: Membership
) -> None:
    apixo = make_credential(team=member.team, kind="apixo", name="APIXO")
    shown = {"credential": str(apixo.pk), "shown_for": str(credential.pk), "form_token": "x"}
    form = site.get(at, {**shown, "model": "viduq2"}, headers=HTMX).context["form"]
    assert (form.credential, form.offer.model) == (apixo, "vidu-q3")


def test_what_is_sent_never_goes_to_another_key_than_the_one_that_was_named(
    site: Client, at: str, credential: Credential, member: Membership
) -> None:
    make_credential(team=member.team, kind="apixo", name="APIXO")
    said = {
        "credential": str(credential.pk),
        "shown_for": str(credential.pk),
        "model": "vidu-q3",
        "prompt": "A pier",
        "form_token": "x",
    }
    answer = site.post(at, said)
    assert answer.status_code == 422
    assert "This key has no such model." in answer.content.decode()
    assert not Task.objects.exists()


# ---- Pictures ---------------------------------------------------------------------------------


def test_a_picture_is_ordered_with(
    site: Client, at: str, credential: Credential, member: Membership
) -> None:
    upload = make_upload(team=member.team)
    assert site.post(at, from_picture(credential, upload.pk)).status_code == 303
    assert TaskPicture.objects.get(task=Task.objects.get()).upload == upload


def test_without_script_a_file_in_the_form_is_taken_in_and_ordered_with(
    site: Client, at: str, credential: Credential
) -> None:
    answer = site.post(at, from_picture(credential, picture=drawn()))
    assert answer.status_code == 303
    assert TaskPicture.objects.get().upload.name == "harbour.png"


def test_a_file_that_is_no_picture_is_told_and_nothing_is_ordered(
    site: Client, at: str, credential: Credential
) -> None:
    page = SimpleUploadedFile("harbour.png", b"<html></html>", "image/png")
    answer = site.post(at, from_picture(credential, picture=page))
    assert answer.status_code == 422
    assert "This file is no picture." in answer.content.decode()
    assert not Task.objects.exists()


def test_a_missing_picture_is_told_beside_the_pictures(
    site: Client, at: str, credential: Credential
) -> None:
    answer = site.post(at, from_picture(credential))
    assert answer.status_code == 422
    assert len(answer.context["slots"].errors) == 1
    assert 'href="#field-images"' in answer.content.decode()


def test_a_picture_stays_where_the_order_is_refused(
    site: Client, at: str, credential: Credential, member: Membership
) -> None:
    upload = make_upload(team=member.team)
    answer = site.post(at, from_picture(credential, upload.pk, seed="x"))
    assert answer.status_code == 422
    assert f'name="images" value="{upload.pk}"' in answer.content.decode()


def test_another_teams_picture_is_passed_over(
    site: Client, at: str, credential: Credential
) -> None:
    foreign = make_upload(team=make_member().team)
    assert site.post(at, from_picture(credential, foreign.pk)).status_code == 422
    assert not Task.objects.exists()


def test_named_references_stay_with_an_order_that_is_made_again(
    site: Client, at: str, credential: Credential, member: Membership
) -> None:
    upload = make_upload(team=member.team)
    said = from_picture(
        credential,
        upload.pk,
        kind="reference2video",
        model="viduq2",
        prompt="@bottle in the sand",
        image_names="@bottle",
    )
    assert site.post(at, said).status_code == 303
    again = site.get(at, {"like": Task.objects.get().pk})
    [slot] = again.context["slots"].filled
    assert (slot.upload, slot.name) == (upload, "bottle")


def test_a_name_without_a_picture_is_told_beside_the_prompt(
    site: Client, at: str, credential: Credential, member: Membership
) -> None:
    upload = make_upload(team=member.team)
    said = from_picture(
        credential,
        upload.pk,
        kind="reference2video",
        model="viduq2",
        prompt="@sand",
        image_names="bottle",
    )
    answer = site.post(at, said)
    assert answer.status_code == 422
    assert answer.context["form"].errors["prompt"]


# ---- Several keys -----------------------------------------------------------------------------


def compared(first: Credential, *others: Credential, **more: str) -> dict[str, Any]:
    return {
        "credential": str(first.pk),
        "also": [str(key.pk) for key in others],
        "model": "viduq2",
        "prompt": "A lighthouse at dusk",
        "form_token": "one-press",
        **more,
    }


def test_the_same_order_goes_to_several_keys_at_once(
    site: Client, at: str, credential: Credential, relay: Credential
) -> None:
    for _ in range(2):  # a double press
        assert site.post(at, compared(credential, relay)).status_code == 303
    assert {task.credential for task in Task.objects.all()} == {credential, relay}
    assert Task.objects.count() == 2


def test_the_press_says_what_all_of_them_cost(
    site: Client, at: str, credential: Credential, relay: Credential
) -> None:
    page = site.get(at, compared(credential, relay), headers=HTMX).content.decode()
    assert "Generate · 70 credits" in page


def test_where_one_of_them_cannot_nothing_is_ordered_on_any(
    site: Client, at: str, credential: Credential, relay: Credential
) -> None:
    balance(relay, 10)
    answer = site.post(at, compared(credential, relay))
    assert answer.status_code == 422
    assert "Nothing was ordered and nothing was charged." in answer.content.decode()
    assert not Task.objects.exists()
    assert not list(ledger.verify())


def test_what_another_of_them_does_not_take_is_told_under_its_name(
    site: Client, at: str, credential: Credential, relay: Credential
) -> None:
    answer = site.post(at, compared(credential, relay, prompt="x" * 2001))
    assert "Relay: This prompt has 2,001 characters" in answer.content.decode()
    assert not Task.objects.exists()


def test_a_paused_key_is_not_offered_to_compare(
    site: Client, at: str, credential: Credential, relay: Credential
) -> None:
    credentials.pause(relay, "paused")
    page = site.get(at, {"model": "viduq2", "credential": str(credential.pk)}).content.decode()
    assert 'name="also"' not in page


def test_a_key_of_another_team_cannot_join(site: Client, at: str, credential: Credential) -> None:
    foreign = make_credential(team=make_member().team, name="Foreign key")
    assert site.post(at, compared(credential, foreign)).status_code == 422
    assert not Task.objects.exists()


def test_a_new_order_begins_on_the_key_that_the_person_used_last(
    site: Client, at: str, credential: Credential, relay: Credential
) -> None:
    assert site.get(at).context["form"].credential == relay
    site.post(at, compared(credential))
    assert site.get(at).context["form"].credential == credential
    credentials.pause(credential, "paused")
    assert site.get(at).context["form"].credential == relay


def test_more_pictures_than_a_kind_takes_are_told_before_anything_is_sent(
    site: Client, at: str, credential: Credential, member: Membership
) -> None:
    pictures = [make_upload(team=member.team).pk for _ in range(3)]
    said: dict[str, Any] = {"kind": "start-end2video", "images": pictures}
    [error] = site.get(at, said, headers=HTMX).context["slots"].errors
    assert "3" in error
    assert not site.get(at, {**said, "images": pictures[:1]}).context["slots"].errors


def test_a_card_and_its_page_show_what_the_clip_is_made_from(
    site: Client, at: str, credential: Credential, member: Membership
) -> None:
    upload = make_upload(team=member.team, size=(480, 640))
    site.post(at, from_picture(credential, upload.pk))
    thumbnail = f"/t/{member.team.slug}/uploads/{upload.pk}/thumbnail.webp"
    wall = site.get(f"/t/{member.team.slug}/").content.decode()
    page = site.get(f"/t/{member.team.slug}/tasks/{Task.objects.get().pk}/").content.decode()
    assert thumbnail in wall
    assert 'data-ratio="3:4"' in wall
    assert "Made from" in page
    assert page.count(thumbnail) == 2


def test_what_the_model_asks_of_a_picture_is_told_beside_it(
    site: Client, at: str, credential: Credential
) -> None:
    pair = site.get(at, {"kind": "start-end2video"}).content.decode()
    references = site.get(at, {"kind": "reference2video"}).content.decode()
    assert "PNG, JPEG or WebP · 1:4–4:1 · up to 50.0\N{NO-BREAK SPACE}MB · both of about" in pair
    assert "at least 128 px" in references
