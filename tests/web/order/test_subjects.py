"""Keeping a subject at its provider, and using it in clips: the form, the cards, the library."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from generations import clock
from generations.lifecycle import order as ordering
from generations.models import Credential, Membership, Task
from generations.models.tasks import AttemptState, TaskState
from generations.providers.contract import Order, TaskKind
from generations.uploads import NamedUpload
from tests.cases import case
from tests.factories import make_credential, make_member, make_upload

from .test_order import HTMX, one_line

pytestmark = pytest.mark.django_db


@pytest.fixture
def at(member: Membership) -> str:
    return f"/t/{member.team.slug}/new/"


def begin(member: Membership, key: Credential, name: str = "bottle", count: int = 1) -> Task:
    """The order of a subject, which waits."""
    (task,) = ordering.order(
        member,
        key,
        Order(TaskKind.SUBJECT, "subject", name),
        pictures=[NamedUpload(make_upload(team=member.team)) for _ in range(count)],
        form_token=uuid4().hex,
    )
    return task


def kept(member: Membership, key: Credential, name: str = "bottle", count: int = 1) -> Task:
    """A subject that the provider keeps."""
    task = begin(member, key, name, count)
    task.attempts.update(state=AttemptState.ACCEPTED, remote_id=f"32165{task.pk}")
    Task.objects.filter(pk=task.pk).update(state=TaskState.SUCCEEDED, finished_at=clock.now())
    task.refresh_from_db()
    return task


def fields(key: Credential, *pictures: int, **other: Any) -> dict[str, Any]:
    return {
        "credential": str(key.pk),
        "kind": "subject",
        "name": "bottle",
        "images": [str(picture) for picture in pictures],
        "form_token": uuid4().hex,
        **other,
    }


def clip_fields(key: Credential, subject: Task, **other: Any) -> dict[str, Any]:
    (shown,) = subject.pictures.all()
    return {
        "credential": str(key.pk),
        "kind": "references_to_video",
        "model": "viduq2",
        "prompt": "@bottle turns",
        "images": [str(shown.upload_id)],
        "image_names": ["bottle"],
        "image_subjects": [str(subject.pk)],
        "form_token": uuid4().hex,
        **other,
    }


# ---- To keep one --------------------------------------------------------------------------------


def test_a_subject_is_ordered_by_its_name_and_pictures(
    site: Client, at: str, credential: Credential, member: Membership
) -> None:
    page = site.get(at, {"kind": "subject"}, headers=HTMX)
    form = page.context["form"]
    with case("there is nothing else to choose"):
        assert (form.prompt_limit, form.has_models, form.count) == (0, False, 1)
        assert page.context["slots"].most == 3
        assert 'data-prompt-limit="0"' in page.text
        assert 'name="name"' in page.text
        assert 'name="count"' not in page.text
        assert "5 credits" in page.text.replace("\N{NO-BREAK SPACE}", " ")
    pictures = [make_upload(team=member.team).pk for _ in range(2)]
    sent = fields(credential, *pictures, name=" @青瓶 ", prompt="A fox")
    assert site.post(at, sent).status_code == 303
    task = Task.objects.get()
    assert (task.kind, task.model, task.prompt, task.settings) == (
        "subject",
        "subject",
        "青瓶",
        {},
    )
    assert list(task.pictures.values_list("upload", flat=True)) == pictures
    assert task.attempts.get().estimate == 5
    with case("the same once more begins with its name"):
        again = site.get(at, {"like": task.pk}).context
        assert (again["form"].initial["name"], again["form"].kind) == ("青瓶", "subject")
        assert [slot.upload.pk for slot in again["slots"].filled] == pictures


def test_what_is_wrong_with_a_subject_is_said_beside_its_field(
    site: Client, at: str, credential: Credential, member: Membership
) -> None:
    kept(member, credential)
    shown = make_upload(team=member.team).pk
    mistakes: list[tuple[dict[str, Any], str, str]] = [
        ({"name": ""}, "name", "Fill this in."),
        ({"name": " \t"}, "name", "Fill this in."),
        ({"name": "x" * 41}, "name", "41"),
        ({}, "name", "This key has a subject called bottle. Choose another name."),
        ({"name": "jar", "images": []}, "images", "1 to 3 pictures"),
        ({"name": "@"}, "name", "Use letters and digits only"),
        ({"name": "green bottle"}, "name", "Use letters and digits only"),
    ]
    for wrong, field, sentence in mistakes:
        with case(wrong):
            page = site.post(at, fields(credential, shown, **wrong))
            assert page.status_code == 422
            assert {*page.context["form"].errors} == {field}
            (said,) = page.context["form"].errors[field]
            assert sentence in said
            assert sentence in page.text
    assert Task.objects.count() == 1


# ---- To use one ---------------------------------------------------------------------------------


def test_a_clip_begins_with_a_kept_subject_and_keeps_it(
    site: Client, at: str, credential: Credential, member: Membership
) -> None:
    make_credential(team=member.team, name="A key that comes before it")
    subject = kept(member, credential, count=2)
    (first, _) = subject.pictures.order_by("ordinal")
    page = site.get(at, {"subject": subject.pk})
    form, slots = page.context["form"], page.context["slots"]
    assert (form.kind, form.credential) == ("references_to_video", credential)
    assert slots.chosen == [NamedUpload(first.upload, "bottle", subject)]
    hidden = f'<input type="hidden" name="image_subjects" value="{subject.pk}">'
    assert hidden in page.text
    sent = clip_fields(credential, kept(member, credential, "vase"), image_names=["vase"])
    assert site.post(at, sent | {"prompt": "@vase turns"}).status_code == 303
    clip = Task.objects.get(kind="references_to_video")
    picture = clip.pictures.get()
    assert (picture.name, picture.subject and picture.subject.prompt) == ("vase", "vase")
    with case("the same once more has it again"):
        again = site.get(at, {"like": clip.pk}).context["slots"]
        assert again.chosen == [NamedUpload(picture.upload, "vase", picture.subject)]
    with case("the page of the clip leads to it"):
        assert f"/tasks/{picture.subject_id}/" in site.get(clip_page(clip)).text
    with case("a model without names is sent the picture"):
        sent |= {"model": "viduq3-mix", "prompt": "It turns", "form_token": "next"}
        assert site.post(at, sent).status_code == 303
        assert Task.objects.latest("pk").pictures.get().subject is None


def clip_page(task: Task) -> str:
    return f"/t/{task.team.slug}/tasks/{task.pk}/"


def test_what_is_no_subject_of_the_team_begins_no_clip(
    site: Client, at: str, credential: Credential, member: Membership
) -> None:
    stranger = make_member()
    gone = make_credential(team=member.team, name="Removed")
    subjects = {
        "another team's": kept(stranger, make_credential(team=stranger.team)),
        "waits": begin(member, credential, "jar"),
        "in the trash": kept(member, credential, "cup"),
        "of a removed key": kept(member, gone, "pot"),
    }
    Task.objects.filter(pk=subjects["in the trash"].pk).update(trashed_at=clock.now())
    Credential.objects.filter(pk=gone.pk).update(removed_at=clock.now())
    for name, subject in subjects.items():
        with case(name):
            assert site.get(at, {"subject": subject.pk}).status_code == 404
            mine = make_upload(team=member.team)
            sent = clip_fields(credential, subject, images=[str(mine.pk)])
            found = site.get(at, sent, headers=HTMX).context["slots"]
            assert found.chosen == [NamedUpload(mine, "bottle")]
    with case("unknown"):
        assert site.get(at, {"subject": "999999"}).status_code == 404


def test_a_subject_of_another_key_or_with_a_shared_name_is_told_beside_the_pictures(
    site: Client, at: str, credential: Credential, member: Membership
) -> None:
    subject = kept(member, credential)
    other = make_credential(team=member.team, name="Another account")
    (shown,) = subject.pictures.all()
    pair = {"images": [str(shown.upload_id)] * 2, "image_names": ["bottle"] * 2}
    refused = {
        "Another key&#x27;s account keeps the subject @bottle.": clip_fields(other, subject),
        "@bottle is a subject that the provider keeps.": clip_fields(credential, subject, **pair),
    }
    for sentence, sent in refused.items():
        with case(sentence):
            page = site.post(at, sent)
            assert page.status_code == 422
            assert sentence in one_line(page.text)
            assert len(page.context["slots"].errors) == 1
    assert not Task.objects.filter(kind="references_to_video").exists()


# ---- Where it is shown --------------------------------------------------------------------------


def test_a_kept_subject_is_shown_as_kept_and_offers_its_use(
    site: Client, at: str, credential: Credential, member: Membership
) -> None:
    subject = kept(member, credential)
    gallery = site.get(f"/t/{member.team.slug}/")
    assert 'data-shows="kept"' in gallery.text
    assert "Kept at the provider" in gallery.text
    assert 'data-moving="false"' in gallery.text
    use = f"?kind=references_to_video&amp;subject={subject.pk}"
    page = site.get(clip_page(subject))
    assert "Kept at the provider" in page.text
    assert 'data-moving="true"' not in page.text
    assert "Use it in a clip" in page.text
    assert use in page.text
    with case("not before it is kept"):
        waiting = site.get(clip_page(begin(member, credential, "jar")))
        assert "Use it in a clip" not in waiting.text


def test_the_library_shows_what_the_team_may_use(
    site: Client, credential: Credential, member: Membership
) -> None:
    stranger = make_member()
    gone = make_credential(team=member.team, name="Removed")
    for row in (begin(member, credential, "jar"), kept(member, credential, "cup")):
        Task.objects.filter(pk=row.pk, state=TaskState.SUCCEEDED).update(trashed_at=clock.now())
    failed = begin(member, credential, "lid")
    Task.objects.filter(pk=failed.pk).update(state=TaskState.FAILED)
    kept(member, gone, "pot")
    kept(stranger, make_credential(team=stranger.team), "theirs")
    Credential.objects.filter(pk=gone.pk).update(removed_at=clock.now())
    bottle = kept(member, credential, count=2)
    page = site.get(f"/t/{member.team.slug}/uploads/", headers=HTMX)
    first = bottle.pictures.order_by("ordinal")[0].upload
    assert page.context["subjects"] == [NamedUpload(first, "bottle", bottle)]
    assert f"subject={bottle.pk}" in page.text
    assert f'name="image_subjects" value="{bottle.pk}"' in page.text
    assert f"@bottle · {credential.name}" in page.text


def test_many_subjects_take_no_more_queries_than_few(
    site: Client, at: str, credential: Credential, member: Membership
) -> None:
    def clip_with(subjects: list[Task]) -> Task:
        uploads = [str(each.pictures.get().upload_id) for each in subjects]
        names = [each.prompt for each in subjects]
        keys = [str(each.pk) for each in subjects]
        sent = clip_fields(credential, subjects[0], prompt="They turn")
        site.post(at, sent | {"images": uploads, "image_names": names, "image_subjects": keys})
        return Task.objects.filter(kind="references_to_video").latest("pk")

    def count(address: str, query: dict[str, Any]) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert site.get(address, query, headers=HTMX).status_code == 200
        return len(captured)

    pages: dict[str, Callable[[Task], tuple[str, dict[str, Any]]]] = {
        "gallery": lambda _: (f"/t/{member.team.slug}/", {}),
        "library": lambda _: (f"/t/{member.team.slug}/uploads/", {}),
        "form": lambda clip: (at, {"like": clip.pk}),
        "clip": lambda clip: (clip_page(clip), {}),
        "subject": lambda _: (clip_page(subjects[0]), {}),
    }
    subjects = [kept(member, credential)]
    few = clip_with(subjects)
    counts = {}
    for name, page in pages.items():
        count(*page(few))  # what a process reads once
        counts[name] = count(*page(few))
    subjects += [kept(member, credential, f"vase {number}") for number in range(4)]
    many = clip_with(subjects)
    assert many.pictures.count() == 5
    assert {name: count(*page(many)) for name, page in pages.items()} == counts
