"""A stored file in a second place: as another link to the same bytes, else as a copy."""

import hashlib
import os
from pathlib import Path

CHUNK = 1024 * 1024


class Copier:
    """Puts files into a folder, each content once; a file never changes once it is stored."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.known: dict[str, Path] = {}  # what was copied already, by fingerprint

    def place(self, source: Path, name: str) -> Path:
        """Where it lies then; raises OSError."""
        target = self.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        if not _linked(source, target):
            self._share(_copied(source, target), target)
        return target

    def _share(self, sha256: str, target: Path) -> None:
        """Let a copy be the earlier one of the same bytes."""
        twin = self.known.setdefault(sha256, target)
        draft = target.with_name(f"{target.name}.link")
        if twin != target and _linked(twin, draft):
            draft.replace(target)


def _linked(source: Path, target: Path) -> bool:
    """Whether the disk could make it another link; it cannot across disks."""
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:
        return False
    return True


def _copied(source: Path, target: Path) -> str:
    """Copy and hash in one pass, onto the disk; the SHA-256."""
    digest = hashlib.sha256()
    with source.open("rb") as file, target.open("wb") as copy:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            copy.write(chunk)
        copy.flush()
        os.fsync(copy.fileno())
    return digest.hexdigest()
