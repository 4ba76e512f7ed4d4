"""``manage.py verify_files``: check the size and fingerprint of every stored file."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from generations.lifecycle import verify

FAULTS = {
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
        left = [fault for fault in verify.faults() if not self._report(fault, options["repair"])]
        for name in verify.unknown():
            self.stdout.write(f"{name} is in no row.")
        if left:
            raise CommandError(f"{len(left)} files are missing or damaged.")
        self.stdout.write("Every stored row has its bytes.")

    def _report(self, fault: verify.Fault, repair: bool) -> bool:
        """Print a fault. Return True where its repair has begun."""
        begun = repair and verify.repair(fault)
        after = " It is fetched or made again." if begun else ""
        self.stderr.write(f"{fault.kept.name} {FAULTS[fault.what]}.{after}")
        return begun
