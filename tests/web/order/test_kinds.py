"""The form starts from what a person wants: from words, a picture, two pictures, references."""

from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from generations.billing import ledger
from generations.lifecycle import transitions
from generations.models import Credential, Membership, Task, TaskPicture
from generations.providers.contract import Reason
from tests.cases import case
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
        "kind": "image_to_video",
        "model": "viduq2-pro",
        "prompt": "The boats leave",
        "images": [str(picture) for picture in pictures],
        "form_token": "one-press",
        **other,
    }


def image_file(width: int = 640, height: int = 360) -> SimpleUploadedFile:
    target = BytesIO()
    Image.new("RGB", (width, height), "teal").save(target, "png")
    return SimpleUploadedFile("harbour.png", target.getvalue(), "image/png")


# ---- Kinds ------------------------------------------------------------------------------------


def test_each_kind_has_slots_for_its_pictures_and_says_what_they_must_be(
    site: Client, at: str, credential: Credential
) -> None:
    about_both = "PNG, JPEG or WebP · 1:4–4:1 · up to 50.0\N{NO-BREAK SPACE}MB · both of about"
    kinds = {
        "image_to_video": (1, "Picture", ""),
        "frames_to_video": (2, "First frame", about_both),
        "references_to_video": (7, "References", "at least 128 px"),
    }
    for kind, (most, label, rules) in kinds.items():
        with case(kind):
            page = site.get(at, {"kind": kind}, headers=HTMX)
            assert page.context["slots"].most == most
            assert label in page.text
            assert rules in page.text
    with case("the word that addresses had before"):
        page = site.get(at, {"kind": "reference2video"}, headers=HTMX)
        assert page.context["form"].kind == "references_to_video"
    with case("words alone"):
        assert "data-slots" not in site.get(at).text


def test_only_keys_that_can_make_the_kind_are_shown(
    site: Client, at: str, credential: Credential, relay: Credential
) -> None:
    words = site.get(at, headers=HTMX).context["choices"]
    picture = site.get(at, {"kind": "image_to_video"}, headers=HTMX).context["choices"]
    assert [choice.key.credential for choice in words] == [relay, credential]
    assert [choice.key.credential for choice in picture] == [credential]


def test_a_kind_that_no_key_can_make_is_shown_and_cannot_be_chosen(
    site: Client, at: str, relay: Credential
) -> None:
    page = site.get(at, {"kind": "image_to_video"})
    assert page.context["form"].kind == "text_to_video"
    assert "None of this team's keys can make this." in page.text


def test_of_key_and_model_the_one_that_was_just_changed_leads(
    site: Client, at: str, credential: Credential, member: Membership
) -> None:
    apixo = make_credential(team=member.team, kind="apixo", name="APIXO")
    shown_for = {"shown_for": str(credential.pk), "form_token": "x"}
    changed = {
        "another model": {"credential": str(credential.pk), "model": "vidu-q3"},
        "another key": {"credential": str(apixo.pk), "model": "viduq2"},
    }
    for name, values in changed.items():
        with case(name):
            form = site.get(at, shown_for | values, headers=HTMX).context["form"]
            assert (form.credential, form.offer.model) == (apixo, "vidu-q3")
    with case("what is sent never goes to another key than the one that was named"):
        answer = site.post(at, shown_for | changed["another model"] | {"prompt": "A pier"})
        assert answer.status_code == 422
        assert "This key has no such model." in answer.text
        assert not Task.objects.exists()


# ---- Pictures ---------------------------------------------------------------------------------


def test_a_picture_of_the_team_or_a_file_of_the_form_is_ordered_with(
    site: Client, at: str, credential: Credential, member: Membership
) -> None:
    upload = make_upload(team=member.team)
    assert site.post(at, from_picture(credential, upload.pk)).status_code == 303
    assert TaskPicture.objects.get(task=Task.objects.get()).upload == upload
    with case("without script"):
        sent = from_picture(credential, picture=image_file(), form_token="next-press")
        assert site.post(at, sent).status_code == 303
        assert TaskPicture.objects.latest("pk").upload.name == "harbour.png"


def test_a_file_that_is_no_picture_is_told_and_nothing_is_ordered(
    site: Client, at: str, credential: Credential
) -> None:
    page = SimpleUploadedFile("harbour.png", b"<html></html>", "image/png")
    answer = site.post(at, from_picture(credential, picture=page))
    assert answer.status_code == 422
    assert "This file is not a picture." in answer.text
    assert not Task.objects.exists()


def test_pictures_that_do_not_fit_are_told_beside_them(
    site: Client, at: str, credential: Credential, member: Membership
) -> None:
    upload = make_upload(team=member.team)
    foreign = make_upload(team=make_member().team)
    with case("missing"):
        answer = site.post(at, from_picture(credential))
        assert answer.status_code == 422
        assert len(answer.context["slots"].errors) == 1
        assert 'href="#field-images"' in answer.text
    with case("of another team"):
        assert site.post(at, from_picture(credential, foreign.pk)).status_code == 422
        assert not Task.objects.exists()
    with case("it stays where the order is refused"):
        answer = site.post(at, from_picture(credential, upload.pk, seed="x"))
        assert answer.status_code == 422
        assert f'name="images" value="{upload.pk}"' in answer.text
    with case("too many are told before anything is sent"):
        pictures = [make_upload(team=member.team).pk for _ in range(3)]
        said: dict[str, Any] = {"kind": "frames_to_video", "images": pictures}
        [error] = site.get(at, said, headers=HTMX).context["slots"].errors
        assert "3" in error
        said["images"] = pictures[:1]
        assert not site.get(at, said, headers=HTMX).context["slots"].errors


def test_named_references_stay_with_an_order_that_is_made_again(
    site: Client, at: str, credential: Credential, member: Membership
) -> None:
    upload = make_upload(team=member.team)
    said = from_picture(
        credential,
        upload.pk,
        kind="references_to_video",
        model="viduq2",
        prompt="@bottle in the sand",
        image_names="@bottle",
    )
    assert site.post(at, said).status_code == 303
    again = site.get(at, {"like": Task.objects.get().pk}, headers=HTMX)
    [slot] = again.context["slots"].filled
    assert (slot.upload, slot.name) == (upload, "bottle")


def test_a_name_without_a_picture_is_told_beside_the_prompt(
    site: Client, at: str, credential: Credential, member: Membership
) -> None:
    upload = make_upload(team=member.team)
    said = from_picture(
        credential,
        upload.pk,
        kind="references_to_video",
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
    page = site.get(at, compared(credential, relay), headers=HTMX).text
    assert "Generate · 70 credits" in page


def test_where_one_of_them_cannot_nothing_is_ordered_on_any(
    site: Client, at: str, credential: Credential, relay: Credential
) -> None:
    with case("the prompt is too long for the other one, under its name"):
        answer = site.post(at, compared(credential, relay, prompt="x" * 2001))
        assert "Relay: This prompt has 2,001 characters" in answer.text
    with case("a key of another team"):
        foreign = make_credential(team=make_member().team, name="Foreign key")
        assert site.post(at, compared(credential, foreign)).status_code == 422
    with case("too little left on the other one"):
        balance(relay, 10)
        answer = site.post(at, compared(credential, relay))
        assert answer.status_code == 422
        assert "Nothing was ordered and nothing was charged." in answer.text
        assert not list(ledger.verify())
    assert not Task.objects.exists()


def test_a_paused_key_is_not_offered_to_compare(
    site: Client, at: str, credential: Credential, relay: Credential
) -> None:
    transitions.pause_credential(relay, Reason.KEY_PAUSED)
    asked = {"model": "viduq2", "credential": str(credential.pk)}
    assert 'name="also"' not in site.get(at, asked, headers=HTMX).text


def test_a_new_order_begins_on_the_key_that_the_person_used_last(
    site: Client, at: str, credential: Credential, relay: Credential
) -> None:
    assert site.get(at, headers=HTMX).context["form"].credential == relay
    site.post(at, compared(credential))
    assert site.get(at, headers=HTMX).context["form"].credential == credential
    transitions.pause_credential(credential, Reason.KEY_PAUSED)
    assert site.get(at, headers=HTMX).context["form"].credential == relay


def test_a_card_and_its_page_show_what_the_clip_is_made_from(
    site: Client, at: str, credential: Credential, member: Membership
) -> None:
    upload = make_upload(team=member.team, size=(480, 640))
    site.post(at, from_picture(credential, upload.pk))
    thumbnail = f"/t/{member.team.slug}/uploads/{upload.pk}/thumbnail.webp"
    wall = site.get(f"/t/{member.team.slug}/").text
    page = site.get(f"/t/{member.team.slug}/tasks/{Task.objects.get().pk}/").text
    assert thumbnail in wall
    assert 'data-ratio="3:4"' in wall
    assert "Made from" in page
    assert page.count(thumbnail) == 2
