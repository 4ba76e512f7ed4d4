"""Rotate the sealing keys: add one and seal every secret with it. It can be repeated."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction

from generations import clock
from generations.crypto import UnsealError
from generations.models import Credential, Heartbeat
from generations.models.credentials import keyring

HEARTBEAT_AGE = timedelta(seconds=30)


def is_site_running() -> bool:
    """Whether the site runs. It has its keys in memory and could not open what a new key seals."""
    return Heartbeat.objects.filter(name="cluster", at__gt=clock.now() - HEARTBEAT_AGE).exists()


def outdated_credentials() -> list[int]:
    """Return the primary keys of the credentials that an older key sealed."""
    newest = keyring()
    rows = Credential.objects.exclude(sealed_key="").order_by("pk")
    return [row.pk for row in rows if not newest.is_current(row.sealed_key)]


def add_key(path: Path, key: str) -> None:
    """Put a new sealing key first, in the file and in this process."""
    # Whole or not at all: without the older keys in this file no secret opens any more.
    draft = path.with_name(f"{path.name}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write("\n".join([key, *settings.CREDENTIAL_KEYS, ""]))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    settings.CREDENTIAL_KEYS.insert(0, key)


def reseal() -> Iterator[tuple[Credential, bool]]:
    """Seal each outdated secret with the newest key; False with one that no key opens."""
    for pk in outdated_credentials():
        yield _reseal(pk)


# A transaction for each: one that stops half way is only run again.
@transaction.atomic
def _reseal(pk: int) -> tuple[Credential, bool]:
    credential = Credential.objects.select_for_update().get(pk=pk)
    try:
        credential.seal_key(credential.open_key().reveal())
    except UnsealError:
        return credential, False
    credential.save(update_fields=["sealed_key", "key_tail"])
    return credential, True
