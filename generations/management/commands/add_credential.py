"""``manage.py add_credential TEAM``: add a provider's key, read from a file."""

import sys
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import URLValidator

from generations.models import Credential, Team
from generations.providers import PROVIDERS
from generations.teams import credentials


class Command(BaseCommand):
    help = "Seals a provider's key for a team."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("team", help="its address, as in /t/<team>/, or its name")
        parser.add_argument("--kind", required=True, choices=sorted(PROVIDERS))
        parser.add_argument("--name", required=True)
        parser.add_argument("--base-url", required=True)
        # Not the key itself: other people of the machine can read the arguments of a process.
        parser.add_argument(
            "--key-file", required=True, help="a file with the key, or - to type it"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        team = self._team(options["team"])
        self._check_input(team, options["name"], options["base_url"])
        credential = credentials.add(
            team,
            None,
            kind=options["kind"],
            name=options["name"],
            base_url=options["base_url"],
            key=self._key(options["key_file"]),
        )
        tail = credential.key_tail
        self.stdout.write(f"{credential.name}, key ending in {tail}, belongs to {team.name} now.")

    def _team(self, word: str) -> Team:
        found = Team.objects.filter(slug=word) or Team.objects.filter(name=word)
        if len(found) != 1:
            known = ", ".join(Team.objects.order_by("slug").values_list("slug", flat=True)[:20])
            raise CommandError(f"{word} names {len(found)} teams. There are: {known or 'none'}.")
        return found[0]

    def _check_input(self, team: Team, name: str, base_url: str) -> None:
        if Credential.objects.for_team(team).filter(name=name).exists():
            raise CommandError(f"{team.name} has a credential named {name} already.")
        try:
            URLValidator(schemes=["http", "https"])(base_url)
        except ValidationError as error:
            raise CommandError(f"{base_url} is not an address such as https://host.") from error

    def _key(self, file: str) -> str:
        try:
            text = sys.stdin.readline() if file == "-" else Path(file).read_text(encoding="utf-8")
        except OSError as error:
            raise CommandError(f"The key cannot be read: {error}.") from error
        if not text.strip():
            raise CommandError("The key is empty.")
        return text.strip()
