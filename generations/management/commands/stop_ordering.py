"""``manage.py stop_ordering``: send nothing to any provider until ``allow_ordering``."""

from typing import Any

from django.core.management.base import BaseCommand

from generations.lifecycle import stops


class Command(BaseCommand):
    help = "Stops all ordering, of every team. What providers have already is still fetched."

    def handle(self, *args: Any, **options: Any) -> None:
        if stops.stop(by=None):
            self.stdout.write("Nothing is ordered any more. manage.py allow_ordering ends it.")
        else:
            self.stdout.write("Ordering was stopped already.")
