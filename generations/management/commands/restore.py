"""``manage.py restore DIR``: restore a backup; ordering is off afterwards."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from generations.operations.backup import EngineError, NotEmpty, NotWhole, Unfit, restore


class Command(BaseCommand):
    help = "Restores a backup into an empty DATA_DIR and database."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("directory", type=Path)
        parser.add_argument(
            "--force", action="store_true", help="in place of the site that is here; it is lost"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            restored = restore(options["directory"], force=options["force"])
        except (NotWhole, Unfit, NotEmpty, EngineError, OSError) as error:
            raise CommandError(f"It was not restored: {error}") from error
        self.stdout.write(
            f"The site of {restored.made_at} is here, with {restored.files} files. Ordering is off:"
            " what waits may have been sent since by the site that was backed up."
        )
        if restored.left:
            self.stdout.write(
                f"{restored.left} files stay in the backup, because no row of its database names"
                " them: they came while it was made, and are fetched again."
            )
        if restored.sealed:
            self.stdout.write(
                f"{restored.sealed} keys of providers do not open. Put the sealing keys of that"
                " site into DATA_DIR/keys/credential_keys."
            )
        self.stdout.write("Start it with manage.py up; manage.py allow_ordering ends the stop.")
