"""Which installation this is: a word in the database, and the same in a file of DATA_DIR.

Where the two differ, one of them was copied or restored, and what waits in it may have been sent
by the other. The file also knows its own inode, so that a copy of both is found out too.
"""

import os
import secrets
from pathlib import Path

from django.conf import settings

from generations.models import Installation, Task


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
    word = settings.INSTANCE_ID or secrets.token_hex(16)
    Installation.here()
    _write_file(word)
    _write_row(word)


def part() -> None:
    """Make the file another's, so that the database is not at home here until ``renew``."""
    _write_file(secrets.token_hex(16))


def _here() -> str:
    """The word of the file, "" where there is none or where it lies elsewhere than it was made."""
    if settings.INSTANCE_ID:
        return str(settings.INSTANCE_ID)
    try:
        with _file().open() as file:
            word, _colon, inode = file.read().strip().partition(":")
            return word if inode == str(os.fstat(file.fileno()).st_ino) else ""
    except OSError:
        return ""


def _file() -> Path:
    return Path(settings.DATA_DIR) / "identity"


def _write_row(word: str) -> None:
    Installation.objects.filter(pk=1).update(identity=word)


def _write_file(word: str) -> None:
    """A rename keeps the inode that the file was made with."""
    draft = _file().with_name("identity.new")
    with draft.open("w") as file:
        file.write(f"{word}:{os.fstat(file.fileno()).st_ino}\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(_file())
