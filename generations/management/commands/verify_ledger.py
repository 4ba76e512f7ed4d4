"""``manage.py verify_ledger``: check that entries, balances and totals agree."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from generations.billing import ledger


class Command(BaseCommand):
    help = "Checks the books; ends with 1 where they do not hold."

    def handle(self, *args: Any, **options: Any) -> None:
        faults = list(ledger.verify())
        for fault in faults:
            self.stderr.write(fault)
        if faults:
            raise CommandError(f"The books do not hold in {len(faults)} places.")
        self.stdout.write("The books hold.")
