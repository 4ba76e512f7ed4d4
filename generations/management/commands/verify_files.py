"""``manage.py verify_files``: every stored row has its bytes, with the size and the fingerprint."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from generations.lifecycle import verify

SAID = {
    "missing": "is missing",
    "size": "has another size than its row says",
    "fingerprint": "has another fingerprint than its row says",
}


class Command(BaseCommand):
    help = "Reads all stored files; ends with 1 where one is missing or damaged."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--repair",
            action="store_true",
            help="ask the providers again for what is missing or damaged",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        stay = [fault for fault in verify.faults() if not self._told(fault, options["repair"])]
        for name in verify.unknown():
            self.stdout.write(f"{name} is in no row.")
        if stay:
            raise CommandError(f"{len(stay)} files are missing or damaged.")
        self.stdout.write("Every stored row has its bytes.")

    def _told(self, fault: verify.Fault, repair: bool) -> bool:
        """Say what is wrong; True where something was begun against it."""
        begun = repair and verify.repair(fault)
        after = " It is fetched or made again." if begun else ""
        self.stderr.write(f"{fault.kept.name} {SAID[fault.what]}.{after}")
        return begun
