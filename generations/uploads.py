"""Pictures that people upload: checked, stored once for a team, and given to the providers."""

import base64
import hashlib
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, Protocol

import structlog
from django.conf import settings

from generations import clock, media
from generations.media import Crashed, Facts, NotMedia, RejectReason
from generations.models import (
    Attempt,
    Credential,
    File,
    Task,
    TaskPicture,
    Team,
    Upload,
    User,
)
from generations.models.tasks import AttemptState
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


class NamedUpload(NamedTuple):
    """A picture of an order with the name that the prompt has for it, "" for none.

    ``subject``: the provider keeps what it shows, by the order of this task.
    """

    upload: Upload
    name: str = ""
    subject: Task | None = None

    @property
    def kept(self) -> Task | None:
        """The subject that is sent in place of the picture; without a name it has no place."""
        return self.subject if self.name else None


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


def with_pictures(wanted: Order, pictures: Sequence[NamedUpload]) -> Order:
    """The order with its pictures, as the catalogue needs it to check the order."""
    return replace(wanted, images=to_pictures(pictures)) if pictures else wanted


def obstacle(credential: Credential, pictures: Sequence[NamedUpload]) -> Problem | None:
    """Why a credential's provider cannot get these pictures; None if it can."""
    for picture in pictures:
        # An account knows its own subjects only.
        if picture.kept and picture.kept.credential_id != credential.pk:
            return Problem("images", "elsewhere", {"name": picture.name})
    pictures = [picture for picture in pictures if not picture.kept]
    limit = catalogue(credential.kind).inline_limit
    if _can_inline(credential, pictures) or provider_access.can_reach_us(credential):
        return None
    return (
        Problem("images", "body", {"limit": limit}) if limit else Problem("images", "unreachable")
    )


def attach(tasks: Sequence[Task], pictures: Sequence[NamedUpload]) -> None:
    """Create the rows that link new tasks to their pictures."""
    TaskPicture.objects.bulk_create(
        TaskPicture(task=task, ordinal=ordinal, **picture._asdict())
        for task in tasks
        for ordinal, picture in enumerate(pictures)
    )
    # What is used stays at the top of the pictures that are offered.
    pks = [picture.upload.pk for picture in pictures]
    Upload.objects.filter(pk__in=pks).update(used_at=clock.now())


def pictures_of(task: Task) -> tuple[Picture, ...]:
    """A task's pictures for its provider: inside the order if they fit, else by signed URL.

    Raises Refused if a picture is gone, or if the provider cannot reach us any more.
    """
    rows = task.pictures.select_related("upload", "subject").order_by("ordinal")
    pictures = [NamedUpload(row.upload, row.name, row.subject) for row in rows]
    # Asked again: since the order this site may have lost its public address.
    if obstacle(task.credential, pictures):
        raise Refused("pictures_unreachable", "The provider cannot fetch pictures from this site.")
    if _can_inline(task.credential, pictures):
        return to_pictures(pictures, _data_url)
    return to_pictures(pictures, lambda upload: signed_url(upload, task.credential))


def to_pictures(
    pictures: Sequence[NamedUpload], address: Callable[[Upload], str] = lambda _upload: ""
) -> tuple[Picture, ...]:
    """Uploads as pictures of an order; without addresses while the order is only checked."""
    subjects = [picture.kept for picture in pictures if picture.kept]
    attempts = Attempt.objects.filter(task__in=subjects, state=AttemptState.ACCEPTED)
    ids = dict(attempts.values_list("task", "remote_id")) if subjects else {}
    return tuple(
        Picture(
            picture.upload.width,
            picture.upload.height,
            picture.upload.size,
            picture.name,
            "" if picture.kept else address(picture.upload),
            ids[picture.kept.pk] if picture.kept else "",
        )
        for picture in pictures
    )


def signed_url(upload: Upload, credential: Credential) -> str:
    """A URL at which a credential's provider can fetch a picture; "" if it cannot reach us."""
    name = f"picture{Path(upload.stored).suffix}"
    return provider_access.signed_url("picture", URL_SALT, upload.pk, name, credential)


def find_by_token(token: str) -> Upload | None:
    """The picture of a signed URL's token; None if the token is forged or too old."""
    pk = provider_access.signed_pk(token, URL_SALT)
    return Upload.objects.filter(pk=pk).first() if pk else None


def _can_inline(credential: Credential, pictures: Sequence[NamedUpload]) -> bool:
    limit = catalogue(credential.kind).inline_limit
    return sum(picture.upload.size for picture in pictures if not picture.kept) <= limit


def _data_url(upload: Upload) -> str:
    """The picture itself as a data URL (RFC 2397)."""
    try:
        content = base64.b64encode(store.read(upload.stored)).decode()
    except FileNotFoundError as error:
        raise Refused("picture_gone", f"The picture {upload.name} is not here any more.") from error
    return f"data:{upload.content_type};base64,{content}"
