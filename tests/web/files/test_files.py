"""Private media: who may see it, and every answer of RFC 9110 sections 13 and 14."""

import hashlib
from pathlib import Path
from urllib.parse import unquote

import pytest
from django.core.files.storage import Storage
from django.http import HttpResponseBase
from django.test import Client
from pytest_django import Settings

from generations.models import Credential, File, Membership, Task, Team, User
from generations.models.files import FileRole, FileState
from generations.web.files import responses
from generations.web.files.responses import ByteRange, Unsatisfiable, requested_range
from tests.cases import case

pytestmark = pytest.mark.django_db
SMALL = bytes(range(256)) * 4
LARGE = bytes(range(251)) * 9_000  # about 2.2 MB, more than one answer holds
PROMPT = "雪中的狐狸: a fox / in the snow, seen from far away by a slow crane shot"


def body(response: HttpResponseBase) -> bytes:
    return response.getvalue()


def a_file(*, media: Path, content: bytes = SMALL) -> File:
    """A stored clip of the member's team, with its poster."""
    user = User.objects.get(email="member@rushes.example")
    team = user.memberships.get().team
    credential = Credential.objects.create(
        team=team, kind="vidu", name="Key", base_url="https://api.example"
    )
    task = Task.objects.create(
        team=team, created_by=user, credential=credential, model="viduq2", prompt=PROMPT
    )
    media.mkdir()
    (media / "a.mp4").write_bytes(content)
    (media / "a.webp").write_bytes(b"poster")
    return File.objects.create(
        task=task,
        team=team,
        role=FileRole.VIDEO,
        state=FileState.STORED,
        sha256=hashlib.sha256(content).hexdigest(),
        name="a.mp4",
        poster="a.webp",
    )


@pytest.fixture
def member(client: Client) -> Client:
    user = User.objects.create_user("member@rushes.example")
    team = Team.objects.create(name="Harbour Lane", slug="harbour-lane")
    Membership.objects.create(team=team, user=user)
    client.force_login(user)
    return client


@pytest.fixture
def stored(settings: Settings, member: Client) -> File:
    return a_file(media=Path(settings.MEDIA_ROOT))


@pytest.fixture
def large(settings: Settings, member: Client) -> File:
    return a_file(media=Path(settings.MEDIA_ROOT), content=LARGE)


@pytest.fixture
def clip(stored: File) -> str:
    return f"/files/{stored.pk}/clip.mp4"


# ---- Who may see it -------------------------------------------------------------------------


def test_a_member_gets_the_whole_file_with_its_type_and_fingerprint(
    stored: File, member: Client, clip: str
) -> None:
    response = member.get(clip)
    assert response.status_code == 200
    assert body(response) == SMALL
    assert response["Content-Type"] == "video/mp4"
    assert response["Content-Length"] == str(len(SMALL))
    assert response["ETag"] == f'"{stored.sha256}"'
    assert response["Accept-Ranges"] == "bytes"
    assert response["Cache-Control"].startswith("private")
    assert response["X-Content-Type-Options"] == "nosniff"


def test_a_stranger_gets_404(client: Client, clip: str) -> None:
    client.force_login(User.objects.create_user("stranger@rushes.example"))
    assert client.get(clip).status_code == 404


def test_a_person_who_is_not_signed_in_is_sent_to_the_login(client: Client, clip: str) -> None:
    client.logout()
    assert client.get(clip)["Location"].startswith("/accounts/login/")


def test_another_method_is_refused(member: Client, clip: str) -> None:
    assert member.post(clip).status_code == 405


def test_a_part_that_is_not_there_is_404(stored: File, member: Client) -> None:
    for name in ("preview.mp4", "cover.jpg", "a.mp4", "..", "secret"):
        with case(name):
            assert member.get(f"/files/{stored.pk}/{name}").status_code == 404


def test_a_file_that_is_still_fetched_is_404(stored: File, member: Client, clip: str) -> None:
    File.objects.filter(pk=stored.pk).update(state=FileState.FETCHING)
    assert member.get(clip).status_code == 404


def test_a_file_that_vanished_from_the_disk_is_404(
    settings: Settings, member: Client, clip: str
) -> None:
    (Path(settings.MEDIA_ROOT) / "a.mp4").unlink()
    assert member.get(clip).status_code == 404


def test_an_original_is_sent_with_the_type_that_it_was_found_to_have(
    settings: Settings, stored: File, member: Client
) -> None:
    (Path(settings.MEDIA_ROOT) / "a.mkv").write_bytes(SMALL)
    types = {
        "video/x-matroska": "video/x-matroska",
        "text/html": "application/octet-stream",
        "image/svg+xml": "application/octet-stream",
        "": "application/octet-stream",
    }
    for found, sent in types.items():
        with case(found):
            File.objects.filter(pk=stored.pk).update(name="a.mkv", content_type=found)
            response = member.get(f"/files/{stored.pk}/clip.mkv?download=1")
            assert (body(response), response["Content-Type"]) == (SMALL, sent)
            assert unquote(response["Content-Disposition"]).endswith(".mkv")


def test_the_copy_for_browsers_is_there_once_it_is_made(
    settings: Settings, stored: File, member: Client, client: Client
) -> None:
    copy = f"/files/{stored.pk}/proxy.mp4"
    assert member.get(copy).status_code == 404
    (Path(settings.MEDIA_ROOT) / "a.proxy.mp4").write_bytes(b"copy")
    File.objects.filter(pk=stored.pk).update(proxy="a.proxy.mp4")
    response = member.get(copy)
    assert (body(response), response["Content-Type"]) == (b"copy", "video/mp4")
    assert response["ETag"] == f'"{stored.sha256}-proxy"'
    client.force_login(User.objects.create_user("stranger@rushes.example"))
    assert client.get(copy).status_code == 404


def test_the_poster_has_its_own_fingerprint(stored: File, member: Client) -> None:
    response = member.get(f"/files/{stored.pk}/poster.webp")
    assert (body(response), response["Content-Type"]) == (b"poster", "image/webp")
    assert response["ETag"] == f'"{stored.sha256}-poster"'


# ---- Conditions -----------------------------------------------------------------------------


def test_a_browser_that_has_it_gets_304(stored: File, member: Client, clip: str) -> None:
    for form in ('"{}"', 'W/"{}"', '"other", "{}"', "*"):
        with case(form):
            response = member.get(clip, headers={"if-none-match": form.format(stored.sha256)})
            assert (response.status_code, body(response)) == (304, b"")
            assert response["ETag"] == f'"{stored.sha256}"'


def test_if_range_with_the_same_fingerprint_sends_the_range(
    stored: File, member: Client, clip: str
) -> None:
    headers = {"range": "bytes=0-9", "if-range": f'"{stored.sha256}"'}
    assert member.get(clip, headers=headers).status_code == 206


def test_if_range_with_another_validator_sends_the_whole(member: Client, clip: str) -> None:
    for validator in ('"other"', "Sat, 21 Nov 2026 00:00:00 GMT"):
        with case(validator):
            response = member.get(clip, headers={"range": "bytes=0-9", "if-range": validator})
            assert (response.status_code, body(response)) == (200, SMALL)


def test_head_tells_the_size_and_ignores_a_range(member: Client, clip: str) -> None:
    response = member.head(clip, headers={"range": "bytes=0-9"})
    assert (response.status_code, body(response)) == (200, b"")
    assert response["Content-Length"] == str(len(SMALL))


# ---- Ranges ---------------------------------------------------------------------------------


RANGES = {
    "bytes=0-0": (0, 1),
    "bytes=0-1": (0, 2),
    "bytes=1023-1023": (1023, 1024),
    "bytes=1000-": (1000, 1024),
    "bytes=1000-99999": (1000, 1024),
    "bytes=-24": (1000, 1024),
    "bytes=-99999": (0, 1024),
    "BYTES = 5 - 9": (5, 10),
}
BEYOND = ("bytes=1024-", "bytes=9999-10000", "bytes=-0")
NO_RANGES = ("bytes=-", "bytes=9-5", "bytes=0-1,5-6", "items=0-1", "bytes=a-b", "bytes=٣-٤", "")


def test_a_range_is_exact_to_the_byte(member: Client, clip: str) -> None:
    for header, (start, end) in RANGES.items():
        with case(header):
            response = member.get(clip, headers={"range": header})
            assert (response.status_code, body(response)) == (206, SMALL[start:end])
            assert response["Content-Range"] == f"bytes {start}-{end - 1}/1024"
            assert response["Content-Length"] == str(end - start)


def test_a_range_behind_the_end_is_416(member: Client, clip: str) -> None:
    for header in BEYOND:
        with case(header):
            response = member.get(clip, headers={"range": header})
            assert (response.status_code, response["Content-Range"]) == (416, "bytes */1024")


def test_a_range_that_says_nothing_is_ignored(member: Client, clip: str) -> None:
    for header in NO_RANGES:
        with case(header):
            assert member.get(clip, headers={"range": header}).status_code == 200


def test_an_empty_file_satisfies_no_range() -> None:
    with pytest.raises(Unsatisfiable):
        requested_range("bytes=0-", 0)
    assert requested_range("bytes=0-", 1) == ByteRange(0, 1, 1)


def test_an_open_range_is_cut_to_two_mebibytes(large: File, member: Client) -> None:
    response = member.get(f"/files/{large.pk}/clip.mp4", headers={"range": "bytes=100-"})
    assert body(response) == LARGE[100 : 100 + 2 * 1024 * 1024]
    assert response["Content-Range"] == f"bytes 100-{100 + 2 * 1024 * 1024 - 1}/{len(LARGE)}"


# ---- Whole files ----------------------------------------------------------------------------


def test_a_large_file_streams_whole_and_gives_its_place_back(large: File, member: Client) -> None:
    for _ in range(40):
        response = member.get(f"/files/{large.pk}/clip.mp4")
        assert response["Content-Length"] == str(len(LARGE))
        assert body(response) == LARGE


def test_when_too_many_large_files_leave_the_next_one_is_asked_to_wait(
    large: File, member: Client
) -> None:
    open_streams = []
    while responses.stream_slots.acquire(blocking=False):
        open_streams.append(responses.stream_slots)
    try:
        response = member.get(f"/files/{large.pk}/clip.mp4")
        part = member.get(f"/files/{large.pk}/clip.mp4", headers={"range": "bytes=0-9"})
    finally:
        for stream in open_streams:
            stream.release()
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert part.status_code == 206


def test_a_download_is_named_for_a_persons_disk(stored: File, member: Client, clip: str) -> None:
    told = unquote(member.get(f"{clip}?download=1")["Content-Disposition"])
    assert told.startswith("attachment; filename*=utf-8''雪中的狐狸 a fox in the snow")
    assert told.endswith(f" - viduq2 - {stored.task_id}.mp4")
    assert member.get(clip)["Content-Disposition"].startswith("inline")


# ---- Served by others -----------------------------------------------------------------------


def test_behind_a_proxy_only_the_place_is_told(
    settings: Settings, member: Client, clip: str
) -> None:
    settings.MEDIA_ACCEL = "/protected/"
    response = member.get(clip)
    assert response["X-Accel-Redirect"] == "/protected/a.mp4"
    assert body(response) == b""


class Bucket(Storage):
    """A storage without a disk, as S3 is."""

    def url(self, name: str | None, parameters: dict[str, str] | None = None) -> str:
        return f"https://bucket.example/{name}?type={(parameters or {})['ResponseContentType']}"


def test_from_the_object_storage_a_signed_address_is_told(
    settings: Settings, member: Client, clip: str
) -> None:
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": f"{__name__}.Bucket"}}
    response = member.get(clip)
    assert response.status_code == 302
    assert response["Location"] == "https://bucket.example/a.mp4?type=video/mp4"
