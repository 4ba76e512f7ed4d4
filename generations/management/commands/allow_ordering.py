"""``manage.py allow_ordering``: end a stop, and release a copied or restored database."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from generations.lifecycle.stops import allow


class Command(BaseCommand):
    help = (
        "Lets orders leave again. In a copied or restored database the orders that wait become"
        " unclear, for the other one may have sent them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--nothing-was-sent",
            action="store_true",
            help="the database that this one was copied from has sent nothing since; send all",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        unclear = allow(None, nothing_was_sent=options["nothing_was_sent"])
        self.stdout.write("Orders may leave again.")
        if unclear:
            self.stdout.write(
                f"{unclear} that waited are unclear now: they are searched for at their providers,"
                " and what is not found waits for a person."
            )
