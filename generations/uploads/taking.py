"""Take a picture in: judged and made our own by a child, and kept once for a team."""

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
from generations.media import Crashed, Facts, NotMedia, Reason
from generations.models import File, Team, Upload, User
from generations.storage import store

log = structlog.get_logger(__name__)

MOST_BYTES = 50 * 1024**2  # of what is given; what is kept is far smaller (media/picture.py)
SECONDS = 60.0
PREFIX = "upload-"
LEFT_BEHIND = 3600.0  # seconds; nobody takes so long
SUFFIX = {"png": "png", "jpeg": "jpg"}
CODES = {
    Reason.OTHER_PICTURE: "other_picture",
    Reason.TOO_MANY_PIXELS: "too_many_pixels",
    Reason.TOO_SMALL: "too_small",
    Reason.ANIMATED: "animated",
    Reason.DAMAGED: "damaged",
}


class Opened(Protocol):
    """What Django makes of a file in a form."""

    def chunks(self) -> Iterable[bytes]: ...


type Maker = Callable[[Path], Facts]


class Unfit(Exception):
    """It cannot be taken in; nothing was kept.

    ``code`` is one of ``CODES``, ``too_large``, ``not_a_picture``, ``crashed``, or, of a clip,
    ``not_stored``.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def add(team: Team, by: User | None, opened: Opened, name: str) -> Upload:
    """Take in a picture that somebody gives; the same picture again is the same row.

    Raises Unfit. ``name`` is what its giver calls the file.
    """
    with _folder() as folder:
        given = folder / "given"
        _copy(opened, given)
        facts = _made(lambda out: media.take_picture(given, out, timeout=SECONDS), folder)
        return _keep(team, facts, folder, created_by=by, name=_short(name))


def add_frame(file: File, by: User | None, at: str) -> Upload:
    """Take in the ``first`` or the ``last`` frame of a stored clip. Raises Unfit."""
    known = Upload.objects.filter(team=file.team_id, source_file=file, source_at=at).first()
    if known:
        return _used_now(known)
    if not file.is_stored or not store.exists(file.name):
        raise Unfit("not_stored")
    name = f"{file.task_id}-{at}.jpg"
    with _folder() as folder, store.at_hand(file.name) as clip:
        facts = _made(lambda out: media.take_frame(clip, out, at=at, timeout=SECONDS), folder)
        origin = {"created_by": by, "name": name, "source_file": file, "source_at": at}
        return _keep(file.team, facts, folder, **origin)


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder of its own on the disk of the storage, so that what is in it can be moved there."""
    settings.PARTIAL_DIR.mkdir(parents=True, exist_ok=True)
    _clear_what_the_dead_left()
    with TemporaryDirectory(prefix=PREFIX, dir=settings.PARTIAL_DIR) as folder:
        yield Path(folder)


def _clear_what_the_dead_left() -> None:
    """Folders of processes that were killed while they took something in."""
    old = time.time() - LEFT_BEHIND
    for folder in settings.PARTIAL_DIR.glob(f"{PREFIX}*"):
        with suppress(FileNotFoundError):  # its owner or another was quicker
            if folder.stat().st_mtime < old:
                shutil.rmtree(folder, ignore_errors=True)


def _copy(opened: Opened, target: Path) -> None:
    left = MOST_BYTES
    with target.open("wb") as file:
        for chunk in opened.chunks():
            left -= len(chunk)
            if left < 0:
                raise Unfit("too_large")
            file.write(chunk)


def _made(make: Maker, folder: Path) -> Facts:
    """What the child says of the picture that it wrote into the folder."""
    try:
        return make(folder)
    except NotMedia as error:
        raise Unfit(CODES.get(error.reason, "not_a_picture")) from error
    except Crashed as error:
        log.warning("upload crashed its reader", reason=str(error))
        raise Unfit("crashed") from error


def _keep(team: Team, facts: Facts, folder: Path, **origin: object) -> Upload:
    """Move the picture into the storage, and make its row or find it."""
    suffix = SUFFIX[facts.container]
    picture = folder / f"picture.{suffix}"
    sha256 = hashlib.sha256(picture.read_bytes()).hexdigest()
    known = Upload.objects.filter(team=team, sha256=sha256).first()
    if known and store.exists(known.stored):
        return _used_now(known)
    place = f"{team.pk}/uploads/{sha256}"
    values: dict[str, Any] = {
        "size": facts.bytes,
        "width": facts.width,
        "height": facts.height,
        "content_type": f"image/{facts.container}",
        "stored": f"{place}.{suffix}",
        "thumbnail": f"{place}.thumbnail.webp",
        "placeholder": facts.placeholder,
    }
    store.keep(folder / "thumbnail.webp", values["thumbnail"])
    store.keep(picture, values["stored"])
    key = {"team": team, "sha256": sha256}
    upload, made = Upload.objects.get_or_create(**key, defaults=values | origin)
    return upload if made else _used_now(upload)


def _used_now(upload: Upload) -> Upload:
    upload.used_at = clock.now()
    upload.save(update_fields=["used_at"])
    return upload


def _short(name: str) -> str:
    """The file's own name, whatever path or length came with it."""
    return name.replace("\\", "/").rpartition("/")[2].replace("\0", "")[:120] or "picture"
