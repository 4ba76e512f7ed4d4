"""Which installation this is: a word in the database, and the same in a file of DATA_DIR.

Where the two differ, one of them was copied or restored, and what waits in it may have been sent
by the other. The file also knows its own inode, so that a copy of both is found out too.
"""

import os
import secrets
from pathlib import Path

from django.conf import settings

from generations.models import Installation, Task

RESTORING = "restoring"


def is_at_home(row: Installation | None = None) -> bool:
    """Whether the database belongs to this DATA_DIR; so does one that was never started.

    ``row`` is the installation's where the caller has read it already.
    """
    row = row or Installation.objects.first()
    return row is None or row.identity in {"", _here()}


def settle() -> None:
    """At the first start both are given one word; what has one already keeps it."""
    row = Installation.here()
    if row.identity:
        return
    if _file().exists() and Task.objects.exists():  # an older copy came under a newer file
        _write_row(secrets.token_hex(16))
        return
    renew()


def renew() -> None:
    """From now on the two belong together; the file first, so that a crash between stays safe."""
    word = settings.INSTANCE_ID
    if word:
        _file().unlink(missing_ok=True)
    else:
        word = secrets.token_hex(16)
        _write_file(word)
    _write_row(word)


def part() -> None:
    """Make both another's, so that the database is at home nowhere until ``renew``."""
    _write_file(secrets.token_hex(16))
    _write_row(secrets.token_hex(16))


def begin_restore() -> None:
    """Until ``part`` nothing starts here."""
    _write_file(RESTORING)


def is_being_restored() -> bool:
    """Whether a restore has begun here and not ended."""
    return _here() == RESTORING


def _here() -> str:
    """The word of the file, "" where it lies elsewhere than it was made; else of INSTANCE_ID."""
    try:
        with _file().open() as file:
            word, _colon, inode = file.read().strip().partition(":")
            return word if inode == str(os.fstat(file.fileno()).st_ino) else ""
    except OSError:
        return str(settings.INSTANCE_ID)


def _file() -> Path:
    return Path(settings.DATA_DIR) / "identity"


def _write_row(word: str) -> None:
    Installation.objects.update_or_create(pk=1, defaults={"identity": word})


def _write_file(word: str) -> None:
    """A rename keeps the inode that the file was made with."""
    draft = _file().with_name("identity.new")
    with draft.open("w") as file:
        file.write(f"{word}:{os.fstat(file.fileno()).st_ino}\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(_file())
