"""``manage.py rotate_keys``: add a sealing key, and seal every API key with it."""

import base64
import os
import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from generations.teams import key_rotation


class Command(BaseCommand):
    help = "Seals every provider key with a new key. Stop Rushes first; it may be run again."

    def handle(self, *args: Any, **options: Any) -> None:
        if key_rotation.is_site_running():
            raise CommandError("Rushes is running. Stop it, wait 30 seconds, and try again.")
        # Where a run was interrupted, the key that it added is still the newest and is used on.
        if not key_rotation.outdated_credentials():
            self._add_key()
        results = [(str(row), good) for row, good in key_rotation.reseal()]
        for name, good in results:
            self.stdout.write(f"{name}: {'sealed again' if good else 'NO KEY OPENS IT'}")
        if not all(good for _, good in results):
            raise CommandError("No key opens the ones above; enter them again on their pages.")
        self.stdout.write("Every secret is sealed with the newest key. Old backups need the old.")

    def _add_key(self) -> None:
        if os.environ.get("CREDENTIAL_KEYS"):
            raise CommandError(
                "The newest key in CREDENTIAL_KEYS seals everything already. Put a new one first"
                " (32 random bytes in URL-safe base64, then a space) and run this again."
            )
        default = settings.DATA_DIR / "keys" / "credential_keys"
        path = Path(os.environ.get("CREDENTIAL_KEYS_FILE") or default)
        key_rotation.add_key(path, base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
        self.stdout.write(f"A new key stands first in {path}.")
