"""A new key seals every secret again; an interrupted rotation goes on where it stopped."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction

from generations import clock
from generations.crypto import Sealed
from generations.models import Credential, Pulse
from generations.models.credentials import key_ring

LAST_SIGN = timedelta(seconds=30)


def site_is_running() -> bool:
    """A running site keeps its ring in memory and could not open what a new key sealed."""
    return Pulse.objects.filter(name="cluster", at__gt=clock.now() - LAST_SIGN).exists()


def waiting() -> list[int]:
    """The credentials that an older key sealed, by number."""
    ring = key_ring()
    rows = Credential.objects.exclude(sealed_key="").order_by("pk")
    return [row.pk for row in rows if not ring.is_current(row.sealed_key)]


def add_key(path: Path, key: str) -> None:
    """Put a new key at the head of the ring, in the file and in this process."""
    draft = path.with_name(f"{path.name}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write("\n".join([key, *settings.CREDENTIAL_KEYS, ""]))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    settings.CREDENTIAL_KEYS.insert(0, key)


def reseal() -> Iterator[tuple[Credential, bool]]:
    """Seal each waiting secret with the newest key; False for one that no key opens."""
    for pk in waiting():
        yield _reseal(pk)


@transaction.atomic
def _reseal(pk: int) -> tuple[Credential, bool]:
    credential = Credential.objects.select_for_update().get(pk=pk)
    try:
        credential.seal_key(credential.open_key().reveal())
    except Sealed:
        return credential, False
    credential.save(update_fields=["sealed_key", "key_tail"])
    return credential, True
