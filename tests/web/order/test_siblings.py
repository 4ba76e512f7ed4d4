"""The form of an upscale, a speech, a lip-sync and a picture: their own fields and no others."""

import pytest
from django.test import Client

from generations.billing import ledger
from generations.models import Credential, File, Membership, Task
from generations.models.files import FileState
from tests.cases import case
from tests.factories import make_member, make_tasks

from .test_order import HTMX

pytestmark = pytest.mark.django_db


@pytest.fixture
def at(member: Membership) -> str:
    return f"/t/{member.team.slug}/new/"


def keep(task: Task, *, role: str = "video", content_type: str = "video/mp4") -> Task:
    File.objects.create(
        task=task,
        team=task.team,
        role=role,
        state=FileState.STORED,
        remote_id="creation-7",
        content_type=content_type,
        duration_ms=5040,
        width=1280,
        height=720,
        name="clip.mp4",
    )
    return task


@pytest.fixture
def clip(member: Membership, credential: Credential) -> Task:
    credential.balance = 5000
    credential.save(update_fields=["balance"])
    ledger.adjust(credential, 5000, "for a test")
    (task,) = make_tasks(membership=member, credential=credential)
    return keep(task)


def test_each_kind_has_its_own_fields_and_no_others(site: Client, at: str, clip: Task) -> None:
    kinds = {
        "upscale": {"resolution"},
        "text_to_speech": {"count", "voice_id", "speed", "volume", "pitch", "emotion"},
        "lip_sync": {"voice_id", "speed", "volume"},
        "references_to_image": {"count", "aspect_ratio", "resolution", "images", "seed"},
        "subject": {"name", "images"},
    }
    shared = {"kind", "prompt", "model", "credential", "also", "shown_for", "form_token"}
    shared |= {"accepts_unknown", "source", "sound"}
    for kind, own in kinds.items():
        with case(kind):
            form = site.get(at, {"kind": kind}, headers=HTMX).context["form"]
            assert set(form.fields) - shared == own


def test_a_clip_is_upscaled_from_its_page(site: Client, at: str, clip: Task) -> None:
    page = site.get(f"/t/{clip.team.slug}/tasks/{clip.pk}/").text
    assert f"?kind=upscale&amp;source={clip.pk}" in page
    assert f"?kind=lip_sync&amp;source={clip.pk}" in page
    form = site.get(f"{at}?kind=upscale&source={clip.pk}&resolution=2K")
    assert "120\N{NO-BREAK SPACE}credits" in form.text or "120 credits" in form.text
    order = {"kind": "upscale", "source": clip.pk, "resolution": "2K", "form_token": "one-press"}
    assert site.post(at, order).status_code == 303
    made = Task.objects.get(kind="upscale")
    assert made.settings == {"resolution": "2K", "source": clip.pk, "title": clip.title}
    assert made.attempts.get().estimate == 6 * 20  # begun seconds
    again = site.get(at, {"like": made.pk}).context
    assert again["form"].made_of.film.task == clip
    assert clip.title in site.get(f"/t/{clip.team.slug}/tasks/{made.pk}/").text


def test_what_is_wrong_is_said_beside_its_field(site: Client, at: str, clip: Task) -> None:
    token = {"form_token": "one-press"}
    with case("no clip"):
        page = site.post(at, {"kind": "upscale"} | token)
        assert "Choose the clip that this is made from." in page.text
    with case("a clip of another team is none"):
        elsewhere = make_member()
        site.logout()
        site.force_login(elsewhere.user)
        assert site.get(at).status_code == 404
        site.force_login(clip.created_by)
    with case("not higher"):
        File.objects.update(height=1080, width=1920)
        page = site.post(at, {"kind": "upscale", "source": clip.pk, "resolution": "1080p"} | token)
        assert "The clip has 1,080 lines already. Choose more." in page.text
    with case("nothing to say"):
        page = site.post(at, {"kind": "lip_sync", "source": clip.pk} | token)
        assert "Write what is said, or choose a sound." in page.text
    with case("what was typed for another kind is not sent, and is kept"):
        page = site.post(at, {"kind": "upscale", "prompt": "A fox in the snow"} | token)
        assert "A fox in the snow" in page.text
    assert Task.objects.count() == 1
