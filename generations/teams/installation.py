"""The identity of an installation: a token in the database, and the same in a file of DATA_DIR.

Where the two differ, one of them was copied or restored, and the other may have sent what waits
here. The file also holds its own inode, so that a copy of both is noticed too.
"""

import os
import secrets
from pathlib import Path

from django.conf import settings

from generations.models import Installation, Task

RESTORING = "restoring"


def is_at_home(row: Installation | None = None) -> bool:
    """Whether the database belongs to this DATA_DIR, or was never started.

    ``row`` is the installation where the caller has read it already.
    """
    row = row or Installation.objects.first()
    return row is None or row.identity in {"", _token_of_file()}


def ensure_identity() -> None:
    """Give the database and the file one token at the first start; keep what is there later."""
    row = Installation.here()
    if row.identity:
        return
    if _identity_file().exists() and Task.objects.exists():
        # An older copy of the database was put under a newer file. Any other token will do: the
        # two differ, so nothing is sent until a person releases it.
        _write_row(secrets.token_hex(16))
        return
    assign_identity()


def assign_identity() -> None:
    """Make the two belong together; the file first, so that a crash between them is safe."""
    token = settings.INSTANCE_ID
    if token:
        # A file would be believed before the environment; one may be left of a restore.
        _identity_file().unlink(missing_ok=True)
    else:
        token = secrets.token_hex(16)
        _write_file(token)
    _write_row(token)


def mark_as_copy() -> None:
    """Give each another token: the database is at home nowhere until ``assign_identity``."""
    _write_file(secrets.token_hex(16))
    _write_row(secrets.token_hex(16))


def begin_restore() -> None:
    """Let nothing start here until ``mark_as_copy``."""
    _write_file(RESTORING)


def is_being_restored() -> bool:
    """Whether a restore was begun here and not finished."""
    return _token_of_file() == RESTORING


def _token_of_file() -> str:
    """Return the token of the file, or "" if the file was copied; without a file INSTANCE_ID."""
    try:
        # The inode of the open file, not of its name, which may be replaced meanwhile.
        with _identity_file().open() as file:
            token, _colon, inode = file.read().strip().partition(":")
            return token if inode == str(os.fstat(file.fileno()).st_ino) else ""
    except OSError:
        return str(settings.INSTANCE_ID)


def _identity_file() -> Path:
    return Path(settings.DATA_DIR) / "identity"


def _write_row(token: str) -> None:
    Installation.objects.update_or_create(pk=1, defaults={"identity": token})


def _write_file(token: str) -> None:
    """Write the file under another name first: a rename keeps the inode."""
    draft = _identity_file().with_name("identity.new")
    with draft.open("w") as file:
        file.write(f"{token}:{os.fstat(file.fileno()).st_ino}\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(_identity_file())
