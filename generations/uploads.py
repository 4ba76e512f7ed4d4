"""Pictures that people upload: checked, stored once for a team, and given to the providers."""

import base64
import hashlib
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import structlog
from django.conf import settings
from django.core import signing
from django.urls import reverse

from generations import clock, media
from generations.media import Crashed, Facts, NotMedia, RejectReason
from generations.models import Credential, File, Task, TaskPicture, Team, Upload, User
from generations.providers.catalogue import Problem, catalogue
from generations.providers.contract import Order, Picture, Refused
from generations.storage import store
from generations.teams import provider_access

log = structlog.get_logger(__name__)

MAX_BYTES = 50 * 1024**2  # of an uploaded file; the stored one is far smaller (media/pictures.py)
TIMEOUT_SECONDS = 60.0
FOLDER_PREFIX = "upload-"
ABANDONED_SECONDS = 3600.0  # a folder of this age: its process has died
SUFFIX = {"png": "png", "jpeg": "jpg"}
CODES = {
    RejectReason.OTHER_PICTURE: "other_picture",
    RejectReason.TOO_MANY_PIXELS: "too_many_pixels",
    RejectReason.TOO_SMALL: "too_small",
    RejectReason.ANIMATED: "animated",
    RejectReason.DAMAGED: "damaged",
}
URL_SALT = "generations.uploads.address"  # part of every signature: a new one breaks live URLs
URL_LIFETIME = timedelta(hours=48)

type NamedUploads = Sequence[tuple[Upload, str]]
"""Uploads of an order, each with the name that the prompt has for it."""


# ---- Adding ---------------------------------------------------------------------------------


class UploadedFile(Protocol):
    """A file of a form, as Django passes it."""

    def chunks(self) -> Iterable[bytes]: ...


type WritePicture = Callable[[Path], Facts]


class PictureRejected(Exception):
    """The file cannot be used; nothing was stored.

    ``code`` is one of ``CODES``, ``too_large``, ``not_a_picture``, ``crashed``, or, of a clip,
    ``not_stored``.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def add_picture(team: Team, by: User | None, uploaded: UploadedFile, name: str) -> Upload:
    """Add an uploaded picture; the same picture again returns the same row.

    ``name`` is the file name that the browser sent. Raises PictureRejected.
    """
    with _folder() as folder:
        original = folder / "given"
        _copy(uploaded, original)
        facts = _write_picture(
            lambda out: media.normalize_picture(original, out, timeout=TIMEOUT_SECONDS), folder
        )
        return _store(team, facts, folder, created_by=by, name=_file_name(name))


def add_frame(file: File, by: User | None, at: str) -> Upload:
    """Add the ``first`` or the ``last`` frame of a stored clip, or a stored picture itself.

    Raises PictureRejected.
    """
    existing = Upload.objects.filter(team=file.team_id, source_file=file, source_at=at).first()
    if existing:
        return _mark_used(existing)
    if not file.is_stored or not store.exists(file.name):
        raise PictureRejected("not_stored")
    name = f"{file.task_id}-{at}.jpg"
    # A picture that an order made is its own only frame.
    take = media.normalize_picture if file.is_picture else partial(media.extract_frame, at=at)
    with _folder() as folder, store.local_path(file.name) as clip:
        facts = _write_picture(lambda out: take(clip, out, timeout=TIMEOUT_SECONDS), folder)
        origin = {"created_by": by, "name": name, "source_file": file, "source_at": at}
        return _store(file.team, facts, folder, **origin)


@contextmanager
def _folder() -> Iterator[Path]:
    """A temporary folder on the disk of the storage, so that files can be moved into it."""
    settings.PARTIAL_DIR.mkdir(parents=True, exist_ok=True)
    _delete_abandoned_folders()
    with TemporaryDirectory(prefix=FOLDER_PREFIX, dir=settings.PARTIAL_DIR) as folder:
        yield Path(folder)


def _delete_abandoned_folders() -> None:
    """Delete the folders of processes that were killed in the middle."""
    oldest = time.time() - ABANDONED_SECONDS
    for folder in settings.PARTIAL_DIR.glob(f"{FOLDER_PREFIX}*"):
        with suppress(FileNotFoundError):  # its owner or another process deleted it first
            if folder.stat().st_mtime < oldest:
                shutil.rmtree(folder, ignore_errors=True)


def _copy(uploaded: UploadedFile, target: Path) -> None:
    bytes_left = MAX_BYTES  # counted here: the length that a browser tells may be wrong
    with target.open("wb") as file:
        for chunk in uploaded.chunks():
            bytes_left -= len(chunk)
            if bytes_left < 0:
                raise PictureRejected("too_large")
            file.write(chunk)


def _write_picture(write: WritePicture, folder: Path) -> Facts:
    """Let the inspector write a picture into the folder; raises PictureRejected."""
    try:
        return write(folder)
    except NotMedia as error:
        raise PictureRejected(CODES.get(error.reason, "not_a_picture")) from error
    except Crashed as error:
        log.warning("upload crashed the inspector", reason=str(error))
        raise PictureRejected("crashed") from error


def _store(team: Team, facts: Facts, folder: Path, **origin: object) -> Upload:
    """Move the picture into the storage, and create or find its row."""
    suffix = SUFFIX[facts.container]
    picture = folder / f"picture.{suffix}"
    sha256 = hashlib.sha256(picture.read_bytes()).hexdigest()
    # Where its bytes were lost, the same picture brings them back.
    existing = Upload.objects.filter(team=team, sha256=sha256).first()
    if existing and store.exists(existing.stored):
        return _mark_used(existing)
    path = f"{team.pk}/uploads/{sha256}"
    values: dict[str, Any] = {
        "size": facts.bytes,
        "width": facts.width,
        "height": facts.height,
        "content_type": f"image/{facts.container}",
        "stored": f"{path}.{suffix}",
        "thumbnail": f"{path}.thumbnail.webp",
        "placeholder": facts.placeholder,
    }
    # The bytes first, so that no row names a file that is not there. Two who add the same picture
    # at once move the same bytes to the same place; then one of them finds the other's row.
    store.move_in(folder / "thumbnail.webp", values["thumbnail"])
    store.move_in(picture, values["stored"])
    key = {"team": team, "sha256": sha256}
    upload, is_new = Upload.objects.get_or_create(**key, defaults=values | origin)
    return upload if is_new else _mark_used(upload)


def _mark_used(upload: Upload) -> Upload:
    upload.used_at = clock.now()
    upload.save(update_fields=["used_at"])
    return upload


def _file_name(name: str) -> str:
    """The file's name without its path, at most 120 characters."""
    return name.replace("\\", "/").rpartition("/")[2].replace("\0", "")[:120] or "picture"


# ---- The pictures of an order ---------------------------------------------------------------


def with_pictures(wanted: Order, pictures: NamedUploads) -> Order:
    """The order with its pictures, as the catalogue needs it to check the order."""
    images = tuple(to_picture(upload, name) for upload, name in pictures)
    return replace(wanted, images=images) if pictures else wanted


def obstacle(credential: Credential, pictures: NamedUploads) -> Problem | None:
    """Why a credential's provider cannot get these pictures; None if it can."""
    limit = catalogue(credential.kind).inline_limit
    if _can_inline(credential, pictures) or provider_access.can_reach_us(credential):
        return None
    return (
        Problem("images", "body", {"limit": limit}) if limit else Problem("images", "unreachable")
    )


def attach(tasks: Sequence[Task], pictures: NamedUploads) -> None:
    """Create the rows that link new tasks to their pictures."""
    TaskPicture.objects.bulk_create(
        TaskPicture(task=task, upload=upload, ordinal=ordinal, name=name)
        for task in tasks
        for ordinal, (upload, name) in enumerate(pictures)
    )
    # What is used stays at the top of the pictures that are offered.
    pks = [upload.pk for upload, _name in pictures]
    Upload.objects.filter(pk__in=pks).update(used_at=clock.now())


def pictures_of(task: Task) -> tuple[Picture, ...]:
    """A task's pictures for its provider: inside the order if they fit, else by signed URL.

    Raises Refused if a picture is gone, or if the provider cannot reach us any more.
    """
    rows = task.pictures.select_related("upload").order_by("ordinal")
    pictures = [(row.upload, row.name) for row in rows]
    # Asked again: since the order this site may have lost its public address.
    if obstacle(task.credential, pictures):
        raise Refused("pictures_unreachable", "The provider cannot fetch pictures from this site.")
    if _can_inline(task.credential, pictures):
        return tuple(to_picture(upload, name, _data_url(upload)) for upload, name in pictures)
    return tuple(
        to_picture(upload, name, signed_url(upload, task.credential)) for upload, name in pictures
    )


def to_picture(upload: Upload, name: str = "", url: str = "") -> Picture:
    """An upload as a picture of an order; without a URL while the order is only checked."""
    return Picture(upload.width, upload.height, upload.size, name, url)


def signed_url(upload: Upload, credential: Credential) -> str:
    """A URL at which a credential's provider can fetch a picture; "" if it cannot reach us.

    Whoever has the URL can fetch this picture, and no other, until URL_LIFETIME is over.
    """
    if not provider_access.can_reach_us(credential):
        return ""
    token = signing.dumps(upload.pk, salt=URL_SALT)
    name = f"picture{Path(upload.stored).suffix}"  # some providers look at the suffix only
    return f"{settings.PUBLIC_URL}{reverse('picture', args=[token, name])}"


def find_by_token(token: str) -> Upload | None:
    """The picture of a signed URL's token; None if the token is forged or too old."""
    try:
        pk = signing.loads(token, salt=URL_SALT, max_age=URL_LIFETIME)
    except signing.BadSignature:
        return None
    return Upload.objects.filter(pk=pk).first()


def _can_inline(credential: Credential, pictures: NamedUploads) -> bool:
    limit = catalogue(credential.kind).inline_limit
    return sum(upload.size for upload, _name in pictures) <= limit


def _data_url(upload: Upload) -> str:
    """The picture itself as a data URL (RFC 2397)."""
    try:
        content = base64.b64encode(store.read(upload.stored)).decode()
    except FileNotFoundError as error:
        raise Refused("picture_gone", f"The picture {upload.name} is not here any more.") from error
    return f"data:{upload.content_type};base64,{content}"
