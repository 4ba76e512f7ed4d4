"""Uploaded pictures: checked, stored once for a team, and never stored when rejected."""

import hashlib
import io
import os
import time
from functools import partial
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, default_storage
from django.utils import timezone
from PIL import Image
from pytest_django import Settings

from generations import clock, uploads
from generations.models import File, Membership, Upload
from generations.models.files import FileState
from generations.storage import store
from generations.uploads import PictureRejected
from tests.factories import make_credential, make_member, make_tasks
from tests.media.clips import clip, moving
from tests.threads import at_once

pytestmark = pytest.mark.django_db


def encoded(image: Image.Image | None = None, kind: str = "png") -> bytes:
    buffer = io.BytesIO()
    (image or moving(160, 120)(0)).save(buffer, kind)
    return buffer.getvalue()


def give(member: Membership, content: bytes | None = None, name: str = "bottle.png") -> Upload:
    opened = ContentFile(encoded() if content is None else content)
    return uploads.add_picture(member.team, member.user, opened, name)


@pytest.fixture
def member() -> Membership:
    return make_member()


# ---- What is kept ---------------------------------------------------------------------------


def test_a_picture_is_kept_with_its_measures_and_its_thumbnail(member: Membership) -> None:
    upload = give(member, encoded(moving(640, 360)(0)))
    content = store.read(upload.stored)
    assert hashlib.sha256(content).hexdigest() == upload.sha256
    assert (upload.size, upload.width, upload.height) == (len(content), 640, 360)
    assert (upload.content_type, upload.name) == ("image/jpeg", "bottle.png")
    assert (upload.team, upload.created_by) == (member.team, member.user)
    with Image.open(io.BytesIO(store.read(upload.thumbnail))) as thumbnail:
        assert (thumbnail.format, thumbnail.size) == ("WEBP", (480, 270))
    assert upload.placeholder
    assert not upload.source_file


def test_a_transparent_picture_is_kept_as_one(member: Membership) -> None:
    upload = give(member, encoded(Image.new("RGBA", (64, 64), (200, 30, 40, 9))))
    assert upload.content_type == "image/png"
    assert upload.stored.endswith(".png")


def test_the_same_picture_again_is_the_same_row_and_newly_used(member: Membership) -> None:
    with clock.frozen(timezone.now()) as frozen_clock:
        first = give(member)
        frozen_clock.advance(60)
        again = give(make_member(team=member.team), name="the-same.png")
        assert (again.pk, again.name, again.created_by) == (first.pk, "bottle.png", member.user)
        assert again.used_at == clock.now()
        assert again.created_at == first.created_at
    assert Upload.objects.count() == 1


def test_another_team_has_its_own_row_and_its_own_bytes(member: Membership) -> None:
    mine, theirs = give(member), give(make_member())
    assert mine.sha256 == theirs.sha256
    assert mine.pk != theirs.pk
    assert mine.stored != theirs.stored


def test_bytes_that_were_lost_come_back_with_the_same_picture(member: Membership) -> None:
    first = give(member)
    default_storage.delete(first.stored)
    assert give(member).pk == first.pk
    assert store.exists(first.stored)


@pytest.mark.django_db(transaction=True)
def test_the_same_picture_four_times_at_once_is_one_row(member: Membership) -> None:
    rows = at_once([partial(give, member)] * 4)
    assert len({row.pk for row in rows}) == 1
    assert Upload.objects.count() == 1


FILE_NAMES = {
    "C:\\Users\\Mei\\瓶子.png": "瓶子.png",
    "../../etc/passwd": "passwd",
    "a" * 500: "a" * 120,
    "": "picture",
    "folder/": "picture",
}


def test_a_file_name_is_kept_without_its_path(member: Membership) -> None:
    for name, kept in FILE_NAMES.items():
        assert give(member, name=name).name == kept
        Upload.objects.all().delete()


def test_what_a_killed_process_left_is_cleared_by_the_next_picture(
    member: Membership, settings: Settings
) -> None:
    left, at_work = (settings.PARTIAL_DIR / f"upload-{name}" for name in ("left", "at-work"))
    for folder in (left, at_work):
        folder.mkdir(parents=True)
        (folder / "given").write_bytes(b"half a picture")
    os.utime(left, (time.time() - 7200,) * 2)
    give(member)
    assert [each.name for each in settings.PARTIAL_DIR.iterdir()] == ["upload-at-work"]


def test_nothing_is_left_beside_the_storage(member: Membership, settings: Settings) -> None:
    give(member)
    with pytest.raises(PictureRejected):
        give(member, b"no picture")
    assert list(Path(settings.PARTIAL_DIR).iterdir()) == []


# ---- What is refused ------------------------------------------------------------------------

REFUSED = {
    "not_a_picture": b"<!DOCTYPE html>",
    "other_picture": b"GIF89a" + bytes(40),
    "damaged": encoded()[:-200],
    "too_small": encoded(Image.new("RGB", (31, 64))),
    "too_many_pixels": b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR"
    + b"\x00\x01\x00\x00" * 2
    + bytes(9),
}


@pytest.mark.parametrize("code", REFUSED)
def test_what_is_unfit_says_why_and_leaves_nothing(
    member: Membership, settings: Settings, code: str
) -> None:
    with pytest.raises(PictureRejected) as refused:
        give(member, REFUSED[code])
    assert refused.value.code == code
    assert not Upload.objects.exists()
    assert not Path(settings.MEDIA_ROOT).exists()


def test_fifty_megabytes_are_the_most_that_is_read(
    member: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert uploads.MAX_BYTES == 50 * 1024 * 1024
    content = encoded()
    monkeypatch.setattr(uploads, "MAX_BYTES", len(content))
    give(member, content)
    with pytest.raises(PictureRejected) as refused:
        give(member, content + b"\0")
    assert refused.value.code == "too_large"


def test_a_picture_that_takes_too_long_is_refused_and_the_next_one_taken(
    member: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(uploads, "TIMEOUT_SECONDS", 0.02)
        with pytest.raises(PictureRejected) as refused:
            give(member, encoded(Image.new("L", (10_000, 5_000))))
    assert refused.value.code == "crashed"
    assert give(member)


# ---- Frames ---------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def clip_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A clip of a light bar that moves to the right."""
    return clip(tmp_path_factory.mktemp("clips") / "clip", seconds=2).read_bytes()


@pytest.fixture
def file(member: Membership, clip_bytes: bytes, tmp_path: Path) -> File:
    """That clip, stored."""
    credential = make_credential(team=member.team)
    (task,) = make_tasks(membership=member, credential=credential)
    name = f"{member.team.pk}/{task.pk}/1.mp4"
    local = tmp_path / "clip"
    local.write_bytes(clip_bytes)
    store.move_in(local, name)
    return File.objects.create(
        task=task, team=member.team, role="video", state=FileState.STORED, name=name
    )


def test_a_frame_of_a_clip_is_a_picture_that_remembers_where_it_is_from(
    member: Membership, file: File
) -> None:
    first, last = (uploads.add_frame(file, member.user, at) for at in ("first", "last"))
    assert first.sha256 != last.sha256
    assert (last.source_file, last.source_at) == (file, "last")
    assert (last.width, last.height) == (160, 90)
    assert (first.name, last.name) == (f"{file.task_id}-first.jpg", f"{file.task_id}-last.jpg")
    assert store.exists(file.name)


def test_a_frame_is_taken_once(member: Membership, file: File) -> None:
    first = uploads.add_frame(file, member.user, "last")
    default_storage.delete(file.name)
    assert uploads.add_frame(file, member.user, "last").pk == first.pk


def test_a_clip_that_is_not_here_has_no_frames(member: Membership, file: File) -> None:
    for state in (FileState.REMOTE, FileState.FETCHING, FileState.LOST):
        file.state = state
        with pytest.raises(PictureRejected) as refused:
            uploads.add_frame(file, member.user, "last")
        assert refused.value.code == "not_stored"


def test_a_clip_whose_bytes_vanished_has_no_frames(member: Membership, file: File) -> None:
    default_storage.delete(file.name)
    with pytest.raises(PictureRejected) as refused:
        uploads.add_frame(file, member.user, "last")
    assert refused.value.code == "not_stored"


def test_a_clip_that_nobody_can_decode_has_no_frames(member: Membership, file: File) -> None:
    Path(default_storage.path(file.name)).write_bytes(b"\x00\x00\x00\x18ftypmp42")
    with pytest.raises(PictureRejected) as refused:
        uploads.add_frame(file, member.user, "last")
    assert refused.value.code == "damaged"


class Bucket(Storage):
    """A storage without a disk, as S3 is."""

    kept: dict[str, bytes] = {}

    def _open(self, name: str, mode: str = "rb") -> "ContentFile[bytes]":
        return ContentFile(self.kept[name])

    def _save(self, name: str, content: "ContentFile[bytes]") -> str:
        self.kept[name] = content.read()
        return name

    def exists(self, name: str) -> bool:
        return name in self.kept

    def delete(self, name: str) -> None:
        self.kept.pop(name, None)


@pytest.fixture
def bucket(settings: Settings) -> None:
    """Comes before ``file``, which is then stored in it."""
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": f"{__name__}.Bucket"}}


def test_pictures_and_frames_also_come_from_an_object_storage(
    bucket: None, member: Membership, file: File
) -> None:
    upload = give(member)
    assert hashlib.sha256(store.read(upload.stored)).hexdigest() == upload.sha256
    frame = uploads.add_frame(file, member.user, "last")
    assert set(Bucket.kept) >= {frame.stored, frame.thumbnail, upload.stored, upload.thumbnail}
