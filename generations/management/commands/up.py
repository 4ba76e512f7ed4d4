"""``manage.py up``: run web, cluster and, where SANDBOX is on, the sandbox."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import connections

from generations.operations.startup import prepare, require_free_port
from generations.operations.supervisor import HeartbeatMonitor, Supervisor, children


class Command(BaseCommand):
    help = "Starts everything, keeps it alive, and stops it on Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--demo", action="store_true", help="with the team of manage.py demo")

    def handle(self, *args: Any, **options: Any) -> None:
        # Before anything is written: the site that has the port may use the same DATA_DIR.
        require_free_port(settings.HOST, settings.PORT)
        if settings.SANDBOX:
            address = urlsplit(settings.SANDBOX_URL)
            require_free_port(address.hostname or "127.0.0.1", address.port or 80)
        if options["demo"]:
            call_command("demo", stdout=self.stdout)
        prepare()
        # The supervisor has a connection only while it looks for a heartbeat.
        connections.close_all()
        self.stdout.write(f"Rushes is at {settings.PUBLIC_URL}  (Ctrl-C stops it)")
        Supervisor(children(), HeartbeatMonitor()).run()
