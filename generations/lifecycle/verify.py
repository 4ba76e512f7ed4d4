"""Whether every stored row has its bytes, and the way back to those that are missing or damaged."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog
from django.conf import settings

from generations.media import Crashed, NotMedia, inspect
from generations.models import File
from generations.storage import inventory, store
from generations.storage.inventory import StoredFile

from . import transitions

log = structlog.get_logger(__name__)

INSPECT_SECONDS = 50.0


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one stored name: ``missing``, ``size`` or ``fingerprint``."""

    kept: StoredFile
    what: str


def faults() -> Iterator[Fault]:
    """Every stored row whose bytes are not there or are others; reads all bytes there are."""
    for each in inventory.stored_files():
        if what := _wrong_with(each):
            yield Fault(each, what)


def unknown() -> Iterator[str]:
    """Stored names that no row knows."""
    known = inventory.known_names()
    return (name for name in store.names() if name not in known)


def repair(fault: Fault) -> bool:
    """Fetch a result anew, or make what stands beside it again; False where there is no way."""
    # An uploaded picture: people have it, no provider does.
    if fault.kept.file_id is None:
        return False
    file = File.objects.select_related("task").get(pk=fault.kept.file_id)
    if fault.kept.name == file.name:
        return transitions.refetch(file)
    if fault.kept.name == file.proxy:
        return transitions.remake_proxy(file)
    return _make_again(file)


def _wrong_with(each: StoredFile) -> str:
    try:
        size = store.size(each.name)
        if each.size is not None and size != each.size:
            return "size"  # without reading all bytes
        if each.sha256 and store.sha256(each.name) != each.sha256:
            return "fingerprint"
    except OSError:
        return "missing"
    return ""


def _make_again(file: File) -> bool:
    """Make the poster and the preview of a file whose own bytes are well."""
    made = {"poster.webp": file.poster, "preview.mp4": file.preview}
    # Beside the storage, so that what is made in it can be moved there.
    partial = settings.PARTIAL_DIR
    try:
        partial.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=partial) as folder, store.local_path(file.name) as path:
            inspect(path, Path(folder), timeout=INSPECT_SECONDS)
            for name, target in made.items():
                if target and (Path(folder) / name).exists():
                    store.move_in(Path(folder) / name, target)
    except (NotMedia, Crashed, OSError) as error:
        log.warning("not made again", file=file.pk, error=str(error))
        return False
    return all(store.exists(target) for target in made.values() if target)
