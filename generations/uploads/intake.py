"""Add uploaded pictures and frames of clips: normalize them, store each once for a team."""

import hashlib
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import structlog
from django.conf import settings

from generations import clock, media
from generations.media import Crashed, Facts, NotMedia, RejectReason
from generations.models import File, Team, Upload, User
from generations.storage import store

log = structlog.get_logger(__name__)

MAX_BYTES = 50 * 1024**2  # of an uploaded file; the stored one is far smaller (media/picture.py)
TIMEOUT_SECONDS = 60.0
PREFIX = "upload-"
ABANDONED_SECONDS = 3600.0  # a folder of this age: its process has died
SUFFIX = {"png": "png", "jpeg": "jpg"}
CODES = {
    RejectReason.OTHER_PICTURE: "other_picture",
    RejectReason.TOO_MANY_PIXELS: "too_many_pixels",
    RejectReason.TOO_SMALL: "too_small",
    RejectReason.ANIMATED: "animated",
    RejectReason.DAMAGED: "damaged",
}


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
    """Add the ``first`` or the ``last`` frame of a stored clip. Raises PictureRejected."""
    existing = Upload.objects.filter(team=file.team_id, source_file=file, source_at=at).first()
    if existing:
        return _mark_used(existing)
    if not file.is_stored or not store.exists(file.name):
        raise PictureRejected("not_stored")
    name = f"{file.task_id}-{at}.jpg"
    with _folder() as folder, store.local_path(file.name) as clip:
        facts = _write_picture(
            lambda out: media.extract_frame(clip, out, at=at, timeout=TIMEOUT_SECONDS), folder
        )
        origin = {"created_by": by, "name": name, "source_file": file, "source_at": at}
        return _store(file.team, facts, folder, **origin)


@contextmanager
def _folder() -> Iterator[Path]:
    """A temporary folder on the disk of the storage, so that files can be moved into it."""
    settings.PARTIAL_DIR.mkdir(parents=True, exist_ok=True)
    _delete_abandoned_folders()
    with TemporaryDirectory(prefix=PREFIX, dir=settings.PARTIAL_DIR) as folder:
        yield Path(folder)


def _delete_abandoned_folders() -> None:
    """Delete the folders of processes that were killed in the middle."""
    oldest = time.time() - ABANDONED_SECONDS
    for folder in settings.PARTIAL_DIR.glob(f"{PREFIX}*"):
        with suppress(FileNotFoundError):  # its owner or another process deleted it first
            if folder.stat().st_mtime < oldest:
                shutil.rmtree(folder, ignore_errors=True)


def _copy(uploaded: UploadedFile, target: Path) -> None:
    bytes_left = MAX_BYTES
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
