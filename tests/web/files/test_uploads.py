"""Giving pictures, picking them again, and lending them to a provider."""

import io
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.core import signing
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponseBase, QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import override
from pytest_django import Settings

from generations import clock, uploads
from generations.models import Credential, File, Membership, Role, Task, Upload
from generations.models.files import FileState
from generations.net import sockets
from generations.providers.catalogue import Offer, Problem, catalogue
from generations.storage import store
from generations.teams import provider_access
from generations.uploads import NamedUpload
from generations.web.files import uploads as pages
from generations.web.files.uploads import Slots, slots
from generations.web.messages.orders import explain_problem
from tests.cases import case
from tests.factories import make_credential, make_member, make_tasks, make_upload
from tests.media.clips import clip, moving

pytestmark = pytest.mark.django_db
SCRIPT = {"HX-Request": "true"}


@pytest.fixture
def producer() -> Membership:
    return make_member(role=Role.PRODUCER)


@pytest.fixture
def producing(client: Client, producer: Membership) -> Client:
    client.force_login(producer.user)
    return client


def address(member: Membership, name: str = "uploads", *values: object) -> str:
    return reverse(name, args=[member.team.slug, *values])


def png(*, shade: int = 0, name: str = "bottle.png") -> SimpleUploadedFile:
    buffer = io.BytesIO()
    image = moving(160, 120)(0)
    image.paste((shade, 0, 0), (0, 0, 40, 40))
    image.save(buffer, "png")
    return SimpleUploadedFile(name, buffer.getvalue(), "image/png")


def text(response: HttpResponseBase) -> str:
    return response.getvalue().decode()


# ---- Giving them ----------------------------------------------------------------------------


def test_a_picture_becomes_a_slot_of_the_form(producing: Client, producer: Membership) -> None:
    response = producing.post(address(producer), {"picture": png()}, headers=SCRIPT)
    upload = Upload.objects.get()
    assert response.status_code == 201
    assert (upload.team, upload.created_by, upload.name) == (
        producer.team,
        producer.user,
        "bottle.png",
    )
    said = text(response)
    assert f'<input type="hidden" name="images" value="{upload.pk}">' in said
    assert address(producer, "upload", upload.pk, "thumbnail.webp") in said
    assert said.count('name="image_names"') == 1
    assert "<html" not in said


def test_several_pictures_come_in_their_order(producing: Client, producer: Membership) -> None:
    given = [png(shade=shade, name=f"{shade}.png") for shade in (0, 90, 180)]
    response = producing.post(address(producer), {"picture": given}, headers=SCRIPT)
    places = [text(response).index(f'value="{row.pk}"') for row in Upload.objects.order_by("pk")]
    assert len(places) == 3
    assert places == sorted(places)
    assert [row.name for row in Upload.objects.order_by("pk")] == ["0.png", "90.png", "180.png"]


UNFIT = {
    b"GIF89a" + bytes(40): "Save it as PNG, JPEG or WebP first.",
    b"<svg onload='alert(1)'/>": "Save it as PNG, JPEG or WebP first.",
    b"<!DOCTYPE html>": "This file is not a picture.",
    b"\x89PNG\r\n\x1a\n" + bytes(9): "damaged or incomplete",
    b"": "This file is not a picture.",
}


def test_a_file_that_is_no_fit_picture_gets_422_and_a_sentence(
    producing: Client, producer: Membership
) -> None:
    for content, sentence in UNFIT.items():
        with case(content):
            given = SimpleUploadedFile("<b>.png", content, "image/png")
            response = producing.post(address(producer), {"picture": given}, headers=SCRIPT)
            page = text(response)
            assert response.status_code == 422
            assert sentence in page
            assert '<bdi dir="auto">&lt;b&gt;.png</bdi>' in page
            assert not Upload.objects.exists()


def test_beside_a_bad_file_the_good_ones_are_taken(producing: Client, producer: Membership) -> None:
    given = [png(), SimpleUploadedFile("notes.txt", b"hello")]
    response = producing.post(address(producer), {"picture": given}, headers=SCRIPT)
    assert response.status_code == 201
    assert text(response).count('name="images"') == 1
    assert "notes.txt" in text(response)


def test_without_a_picture_one_is_asked_for(producing: Client, producer: Membership) -> None:
    response = producing.post(address(producer), {}, headers=SCRIPT)
    assert (response.status_code, "Choose one first" in text(response)) == (422, True)


def test_every_code_has_its_sentence() -> None:
    codes = {*uploads.CODES.values(), "too_large", "not_a_picture", "crashed", "not_stored"}
    assert codes <= set(pages.SENTENCES)
    with override("en"):
        assert "32" in str(pages.SENTENCES["too_small"])
        assert "50 MB" in str(pages.SENTENCES["too_large"])


def test_a_body_that_is_too_large_is_refused_before_it_is_read(
    producing: Client, producer: Membership
) -> None:
    class Unread(io.BytesIO):
        def read(self, *_: object) -> bytes:
            raise AssertionError("it was read")

    length = {"CONTENT_LENGTH": str(10 * 50 * 1024 * 1024 + 1), "wsgi.input": Unread()}
    kind = "multipart/form-data; boundary=x"
    response = producing.post(address(producer), b"", kind, **length)  # type: ignore[arg-type]
    assert response.status_code == 413
    assert "larger than 50 MB" in text(response)


def test_a_form_without_its_token_gives_nothing(producer: Membership) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(producer.user)
    assert client.post(address(producer), {"picture": png()}).status_code == 403
    assert not Upload.objects.exists()
    client.get(address(producer))
    token = client.cookies["csrftoken"].value
    response = client.post(address(producer), {"picture": png()}, headers={"X-CSRFToken": token})
    assert response.status_code == 201


# ---- Who may --------------------------------------------------------------------------------


def test_a_viewer_sees_pictures_and_gives_none(client: Client, producer: Membership) -> None:
    upload = make_upload(team=producer.team)
    client.force_login(make_member(team=producer.team, role=Role.VIEWER).user)
    assert client.get(address(producer)).status_code == 200
    assert client.get(address(producer, "upload", upload.pk, "picture.jpg")).status_code == 200
    assert client.post(address(producer), {"picture": png()}).status_code == 403
    assert client.post(address(producer, "upload_frames")).status_code == 403
    assert Upload.objects.count() == 1


def test_a_stranger_gets_404_everywhere(client: Client, producer: Membership) -> None:
    upload = make_upload(team=producer.team)
    client.force_login(make_member(role=Role.OWNER).user)
    assert client.get(address(producer)).status_code == 404
    assert client.post(address(producer), {"picture": png()}).status_code == 404
    assert client.get(address(producer, "upload", upload.pk, "picture.jpg")).status_code == 404
    assert Upload.objects.count() == 1


def test_in_ones_own_team_there_are_only_ones_own_pictures(
    producing: Client, producer: Membership
) -> None:
    theirs = make_upload(team=make_member().team, name="theirs.jpg")
    assert producing.get(address(producer, "upload", theirs.pk, "picture.jpg")).status_code == 404
    assert "theirs.jpg" not in text(producing.get(address(producer)))


# ---- Showing them ---------------------------------------------------------------------------


def test_a_picture_is_private_and_known_again(producing: Client, producer: Membership) -> None:
    row = uploads.add_picture(producer.team, producer.user, png(), "a.png")
    parts = {
        "picture.jpg": ("image/jpeg", row.stored),
        "thumbnail.webp": ("image/webp", row.thumbnail),
    }
    etags = set()
    for name, (kind, stored) in parts.items():
        with case(name):
            where = address(producer, "upload", row.pk, name)
            response = producing.get(where)
            assert response.getvalue() == store.read(stored)
            assert response["Content-Type"] == kind
            assert response["Cache-Control"].startswith("private")
            assert response["X-Content-Type-Options"] == "nosniff"
            again = producing.get(where, headers={"If-None-Match": response["ETag"]})
            assert again.status_code == 304
            etags.add(response["ETag"])
    assert len(etags) == 2


def test_another_part_of_a_picture_is_404(producing: Client, producer: Membership) -> None:
    row = make_upload(team=producer.team)
    for name in ("stored", "source", "..", "picture2.jpg"):
        with case(name):
            assert producing.get(address(producer, "upload", row.pk, name)).status_code == 404


# ---- Picking them ---------------------------------------------------------------------------


def a_clip(member: Membership, folder: Path) -> File:
    credential = Credential.objects.filter(team=member.team).first()
    credential = credential or make_credential(team=member.team)
    (task,) = make_tasks(membership=member, credential=credential, prompt="A storm at sea")
    name = f"{member.team.pk}/{task.pk}/1.mp4"
    store.move_in(clip(folder / f"clip-{task.pk}", seconds=0.5), name)
    return File.objects.create(
        task=task, team=member.team, role="video", state=FileState.STORED, name=name
    )


def test_the_picker_is_a_page_and_for_a_script_a_part_of_it(
    producing: Client, producer: Membership
) -> None:
    make_upload(team=producer.team)
    whole, part = producing.get(address(producer)), producing.get(address(producer), headers=SCRIPT)
    assert "<html" in text(whole)
    assert "<html" not in text(part)
    for response in (whole, part):
        assert "bottle.jpg" in text(response)
        assert text(response).count("<template>") == 1


def test_the_picker_shows_the_last_used_first_page_by_page(
    producing: Client, producer: Membership
) -> None:
    rows = [make_upload(team=producer.team, name=f"{n:02}.jpg") for n in range(pages.PAGE + 3)]
    Upload.objects.filter(pk__in=[row.pk for row in rows]).update(used_at=rows[0].used_at)
    Upload.objects.filter(pk=rows[0].pk).update(used_at=rows[0].used_at + timedelta(seconds=1))
    seen, response = [], producing.get(address(producer), headers=SCRIPT)
    while True:
        seen += [slot.upload.name for slot in response.context["filled"]]
        if not (place := response.context["next"]):
            break
        response = producing.get(address(producer), {"before": place}, headers=SCRIPT)
        assert "picker-title" not in text(response)
    assert seen == [rows[0].name, *(row.name for row in reversed(rows[1:]))]


def test_a_cursor_of_nobody_is_404(producing: Client, producer: Membership) -> None:
    for cursor in ("x", "2026-01-01~1", "2026-01-01T00:00:00Z~x", "~"):
        with case(cursor):
            assert producing.get(address(producer), {"before": cursor}).status_code == 404


def test_the_picker_asks_as_many_queries_for_many_as_for_few(
    producing: Client, producer: Membership, tmp_path: Path
) -> None:
    def fill(count: int) -> None:
        for _ in range(count):
            make_upload(team=producer.team)
            a_clip(producer, tmp_path)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            producing.get(address(producer), headers=SCRIPT)
        return len(captured)

    fill(1)
    queries()
    few = queries()
    fill(5)
    assert queries() == few
    assert few <= 6


def test_only_stored_clips_outside_the_bin_offer_their_frames(
    producing: Client, producer: Membership, tmp_path: Path
) -> None:
    stored, fetching, binned = (a_clip(producer, tmp_path) for _ in range(3))
    File.objects.filter(pk=fetching.pk).update(state=FileState.FETCHING)
    Task.objects.filter(pk=binned.task_id).update(trashed_at=clock.now())
    said = text(producing.get(address(producer)))
    assert said.count("data-frame") == 1
    assert f'name="file" value="{stored.pk}"' in said


def test_a_viewer_is_offered_nothing_that_is_for_producers(
    client: Client, producer: Membership, tmp_path: Path
) -> None:
    make_upload(team=producer.team)
    a_clip(producer, tmp_path)
    client.force_login(make_member(team=producer.team, role=Role.VIEWER).user)
    said = text(client.get(address(producer)))
    assert "bottle.jpg" in said
    assert not [one for one in ("data-pick", "data-frame", "<template") if one in said]


# ---- Frames ---------------------------------------------------------------------------------


def test_a_frame_becomes_a_slot(producing: Client, producer: Membership, tmp_path: Path) -> None:
    file = a_clip(producer, tmp_path)
    form = {"file": file.pk, "at": "last"}
    response = producing.post(address(producer, "upload_frames"), form, headers=SCRIPT)
    upload = Upload.objects.get()
    assert response.status_code == 201
    assert f'name="images" value="{upload.pk}"' in text(response)
    assert (upload.source_file, upload.source_at) == (file, "last")


def test_without_a_script_a_frame_leads_to_an_order_that_begins_with_it(
    producing: Client, producer: Membership, tmp_path: Path
) -> None:
    form = {"file": a_clip(producer, tmp_path).pk, "at": "first"}
    response = producing.post(address(producer, "upload_frames"), form)
    assert response.status_code == 303
    wanted = f"{address(producer, 'generate')}?kind=image_to_video&images={Upload.objects.get().pk}"
    assert response["Location"] == wanted


@pytest.mark.parametrize(
    "form", [{}, {"at": "last"}, {"file": "x", "at": "last"}, {"file": "9" * 19}]
)
def test_a_frame_of_nothing_gets_422(
    producing: Client, producer: Membership, form: dict[str, str]
) -> None:
    assert producing.post(address(producer, "upload_frames"), form).status_code == 422


def test_a_frame_between_the_ends_gets_422(
    producing: Client, producer: Membership, tmp_path: Path
) -> None:
    form = {"file": a_clip(producer, tmp_path).pk, "at": "middle"}
    assert producing.post(address(producer, "upload_frames"), form).status_code == 422


def test_another_teams_clip_has_no_frames_here(
    producing: Client, producer: Membership, tmp_path: Path
) -> None:
    form = {"file": a_clip(make_member(), tmp_path).pk, "at": "last"}
    assert producing.post(address(producer, "upload_frames"), form).status_code == 404
    assert not Upload.objects.exists()


def test_a_clip_that_is_not_here_says_so(
    producing: Client, producer: Membership, tmp_path: Path
) -> None:
    file = a_clip(producer, tmp_path)
    File.objects.filter(pk=file.pk).update(state=FileState.LOST)
    form = {"file": file.pk, "at": "last"}
    response = producing.post(address(producer, "upload_frames"), form, headers=SCRIPT)
    assert (response.status_code, "This clip is not saved here yet" in text(response)) == (
        422,
        True,
    )


# ---- Lending them ---------------------------------------------------------------------------

PUBLIC = "https://rushes.example"


@pytest.fixture
def lent(producer: Membership, in_a_lab: None) -> tuple[Upload, str]:
    """A picture and its public path."""
    row = make_upload(team=producer.team)
    where = uploads.signed_url(row, make_credential(team=producer.team))
    return row, where.removeprefix(PUBLIC)


@pytest.fixture
def in_a_lab(settings: Settings) -> None:
    """Every provider finds the way, so that no name has to be looked up."""
    settings.PUBLIC_URL, settings.ALLOW_PRIVATE_ADDRESSES = PUBLIC, True


def test_an_address_opens_its_picture_to_whoever_has_it(
    client: Client, lent: tuple[Upload, str]
) -> None:
    row, path = lent
    assert path.startswith("/pictures/")
    assert path.endswith("/picture.jpg")
    response = client.get(path)
    assert response.getvalue() == store.read(row.stored)
    assert response["Content-Type"] == "image/jpeg"
    assert response["Cache-Control"].startswith("private")
    assert client.head(path).status_code == 200
    assert client.post(path).status_code == 405


def test_a_transparent_picture_is_lent_as_a_png(producer: Membership, in_a_lab: None) -> None:
    row = make_upload(team=producer.team)
    row.stored = row.stored.replace(".jpg", ".png")
    assert uploads.signed_url(row, make_credential(team=producer.team)).endswith("/picture.png")


def test_an_address_lapses_after_two_days(client: Client, producer: Membership) -> None:
    credential = make_credential(team=producer.team)
    row = make_upload(team=producer.team)
    with (
        time_machine.travel("2026-03-01T12:00:00Z", tick=False) as time,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(provider_access, "can_reach_us", lambda _: True)
        path = "/pictures/" + uploads.signed_url(row, credential).split("/pictures/")[1]
        time.shift(timedelta(hours=48))
        assert client.get(path).status_code == 200
        time.shift(timedelta(seconds=2))
        assert client.get(path).status_code == 404


def test_a_changed_address_opens_nothing(
    client: Client, lent: tuple[Upload, str], producer: Membership
) -> None:
    row, path = lent
    token = path.split("/")[2]
    other = signing.b64_encode(str(make_upload(team=producer.team).pk).encode()).decode()
    value, stamp, signature = token.split(":")
    forged = [
        token[:-1],
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        f"{value}:{stamp}:",
        f"{value}:1zzzzz:{signature}",
        f"{other}:{stamp}:{signature}",
        "x",
        "::",
    ]
    assert value == signing.b64_encode(str(row.pk).encode()).decode()
    for one in forged:
        assert client.get(f"/pictures/{one}/picture.jpg").status_code == 404


def test_an_address_that_was_signed_for_another_use_opens_nothing(
    client: Client, lent: tuple[Upload, str]
) -> None:
    token = signing.dumps(lent[0].pk)
    assert client.get(f"/pictures/{token}/picture.jpg").status_code == 404


def test_an_address_names_one_picture_alone(
    client: Client, producer: Membership, in_a_lab: None
) -> None:
    credential = make_credential(team=producer.team)
    rows = [make_upload(team=producer.team) for _ in range(2)]
    bodies = [
        client.get(uploads.signed_url(row, credential).removeprefix(PUBLIC)).getvalue()
        for row in rows
    ]
    assert bodies == [store.read(row.stored) for row in rows]
    assert bodies[0] != bodies[1]


def test_a_picture_whose_bytes_vanished_is_404(client: Client, lent: tuple[Upload, str]) -> None:
    row, path = lent
    default_storage.delete(row.stored)
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("site", "sandbox", "lab", "reached"),
    [
        ("http://127.0.0.1:8000", False, False, False),
        ("http://inside.example", False, False, False),
        ("http://lab.example", False, True, True),
        ("http://127.0.0.1:8000", True, False, True),
        (PUBLIC, False, False, True),
    ],
)
def test_an_address_is_given_out_where_the_provider_finds_the_way(
    producer: Membership,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    site: str,
    sandbox: bool,
    lab: bool,
    reached: bool,
) -> None:
    found = {"rushes.example": "93.184.215.14", "inside.example": "10.0.0.7"}

    def judged(host: str, port: int, policy: sockets.AddressPolicy) -> list[str]:
        return sockets.allowed_addresses(
            host, port, policy, lambda name, _: [found.get(name, "127.0.0.1")]
        )

    monkeypatch.setattr(provider_access, "allowed_addresses", judged)
    settings.PUBLIC_URL, settings.ALLOW_PRIVATE_ADDRESSES = site, lab
    settings.SANDBOX, settings.SANDBOX_URL = sandbox, "http://127.0.0.1:9"
    credential = make_credential(team=producer.team)
    where = uploads.signed_url(make_upload(team=producer.team), credential)
    assert where.startswith(f"{site}/pictures/") if reached else where == ""
    assert provider_access.can_reach_us(credential) is reached


# ---- The slots of a form --------------------------------------------------------------------


def offer(kind: str, model: str) -> Offer:
    found = catalogue("vidu").offer(kind, model)
    assert found
    return found


REFERENCES = ("references_to_video", "viduq2")


def read(
    member: Membership, said: str, kind: str = "references_to_video", model: str = "viduq2"
) -> Slots:
    return slots(member.team, offer(kind, model), QueryDict(said))


def test_slots_keep_the_order_and_the_names_that_a_form_said(producer: Membership) -> None:
    one, two = (make_upload(team=producer.team) for _ in range(2))
    said = f"images={two.pk}&image_names=@bottle&images={one.pk}&image_names=+sand+"
    found = read(producer, said)
    assert found.chosen == [NamedUpload(two, "bottle"), NamedUpload(one, "sand")]
    assert (found.fewest, found.most, found.named) == (1, 7, True)
    assert [picture.name for picture in found.pictures] == ["bottle", "sand"]
    assert found.pictures[0].size == two.size


def test_a_model_without_names_is_told_none(producer: Membership) -> None:
    row = make_upload(team=producer.team)
    found = read(producer, f"images={row.pk}&image_names=bottle", "image_to_video", "viduq2-pro")
    assert found.chosen == [NamedUpload(row)]
    assert found.filled[0].name == "bottle", "it is back when the model is"
    assert (found.most, found.is_full, found.label) == (1, True, "Picture")


def test_slots_pass_over_what_is_no_picture_of_the_team(producer: Membership) -> None:
    mine, theirs = make_upload(team=producer.team), make_upload(team=make_member().team)
    said = f"images={theirs.pk}&images=x&images=&images={'9' * 30}&images={mine.pk}"
    assert [slot.upload for slot in read(producer, said).chosen] == [mine]


def test_a_picture_may_stand_in_two_places(producer: Membership) -> None:
    row = make_upload(team=producer.team)
    found = read(producer, f"images={row.pk}&images={row.pk}", "frames_to_video", "viduq2-pro")
    assert [slot.upload for slot in found.chosen] == [row, row]
    assert found.positions == ("First frame", "Last frame")


def test_without_a_script_a_ticked_picture_is_taken_away(producer: Membership) -> None:
    one, two = (make_upload(team=producer.team) for _ in range(2))
    said = f"images={one.pk}&images={two.pk}&without={one.pk}"
    assert [slot.upload for slot in read(producer, said).chosen] == [two]


# ---- What is wrong with the pictures of an order ----------------------------------------------


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (
            Problem("images", "small", {"place": 2, "side": 128}),
            "Picture 2 has a side of fewer than 128 pixels. Give a larger one.",
        ),
        (
            Problem("images", "large", {"place": 1, "limit": 52_428_800}),
            "Picture 1 is larger than 52.4\xa0MB. Give a smaller one.",
        ),
        (
            Problem("images", "ratio", {"place": 1, "low": 0.25, "high": 4.0}),
            "Picture 1 is too long or too tall; the model takes 1:4 to 4:1. Crop it.",
        ),
        (
            Problem("images", "pair", {"low": 0.8, "high": 1.25}),
            "The two pictures differ too much in size. Make one as large as the other.",
        ),
        (
            Problem("images", "names", {"allowed": True}),
            "Give every picture a name, or none of them.",
        ),
        (
            Problem("images", "names", {"allowed": False}),
            "This model does not use picture names. Remove the names.",
        ),
        (
            Problem("prompt", "name", {"name": "sand"}),
            "No picture has the name @sand. "
            "Give a picture this name, or remove it from the prompt.",
        ),
        (
            Problem("images", "crowd", {"name": "bottle", "limit": 3}),
            "More than 3 pictures are called @bottle. Give some of them another name.",
        ),
        (
            Problem("images", "body", {"limit": 14_680_064}),
            "Together the pictures are larger than 14.7\xa0MB. Remove one, or choose smaller ones.",
        ),
        (
            Problem("images", "count", {"low": 1, "high": 7, "count": 0}),
            "This model takes 1 to 7 pictures, and this order has 0.",
        ),
        (
            Problem("images", "count", {"low": 2, "high": 2, "count": 1}),
            "This model takes 2 pictures, and this order has 1.",
        ),
        (Problem("images", "unwanted"), "This model uses no pictures. Remove them."),
        (
            Problem("wm_url", "form", {"form": "address"}),
            "Give an address that begins with https:// or http://.",
        ),
        (Problem("meta_data", "form", {"form": "json"}), "Give a JSON object, such as {}."),
    ],
    ids=lambda value: getattr(value, "code", ""),
)
def test_each_problem_of_pictures_has_its_sentence(problem: Problem, said: str) -> None:
    with override("en"):
        assert explain_problem(problem) == said


def test_a_provider_that_cannot_fetch_is_told_with_what_to_do() -> None:
    with override("en"):
        said = explain_problem(Problem("images", "unreachable"))
    assert "Choose another key, or have PUBLIC_URL set." in said
