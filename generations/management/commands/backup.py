"""``manage.py backup DIR``: back up the site while it runs."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from generations.operations.backup import EngineError, Faulty, NotEmpty, back_up
from generations.templatetags.formats import filesize


class Command(BaseCommand):
    help = "Copies database and media into an empty directory and checks the copy."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("directory", type=Path)
        parser.add_argument(
            "--with-keys", action="store_true", help="put the sealing keys into it as well"
        )
        parser.add_argument(
            "--with-faults",
            action="store_true",
            help="finish it though stored files are missing or damaged; it lists them",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        folder = options["directory"]
        try:
            result = back_up(
                folder, with_keys=options["with_keys"], with_faults=options["with_faults"]
            )
        except Faulty as error:
            for fault in error.faults:
                self.stderr.write(fault)
            raise CommandError(f"The backup in {folder} is not whole.") from error
        except (NotEmpty, EngineError, OSError) as error:
            raise CommandError(f"No backup was made: {error}") from error
        for fault in result.faults:
            self.stderr.write(fault)
        size = filesize(result.size).replace("\N{NO-BREAK SPACE}", " ")
        self.stdout.write(f"The backup in {folder} is whole: {result.files} files, {size}.")
        self.stdout.write(self._note_on_keys(with_keys=options["with_keys"]))

    def _note_on_keys(self, *, with_keys: bool) -> str:
        if with_keys:
            return "The sealing keys are in it: whoever reads it can use every provider's key."
        path = settings.DATA_DIR / "keys" / "credential_keys"
        return (
            f"The sealing keys are not in it. Keep them in another place ({path}, or"
            " CREDENTIAL_KEYS): without them no provider's key can be opened again."
        )
