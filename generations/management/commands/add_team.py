"""``manage.py add_team NAME --owner EMAIL``: add a team and, where missing, its owner."""

import secrets
from pathlib import Path
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.db import transaction

from generations.models import User
from generations.teams import members


class Command(BaseCommand):
    help = "Makes a team. Where its owner is new, the password is read from a file or printed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--owner", required=True, metavar="EMAIL")
        parser.add_argument("--password-file", type=Path, help="for a new owner")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        owner, password = self._owner(options["owner"].strip().lower(), options["password_file"])
        if owner.memberships.filter(team__name=options["name"]).exists():
            raise CommandError(f"{owner.email} has a team named {options['name']} already.")
        team = members.add_team(options["name"], owner)
        self.stdout.write(f"Team {team.name} is at /t/{team.slug}/, owned by {owner.email}.")
        if password:
            self.stdout.write(f"The owner's password, shown this once: {password}")

    def _owner(self, email: str, file: Path | None) -> tuple[User, str]:
        """Return the person, and the password where this made one."""
        if found := User.objects.filter(email=email).first():
            return found, ""
        try:
            validate_email(email)
            given = file.read_text(encoding="utf-8").strip() if file else ""
            if file:
                validate_password(given, User(email=email))
        except (ValidationError, OSError) as error:
            words = error.messages if isinstance(error, ValidationError) else [str(error)]
            raise CommandError(" ".join(words)) from error
        made = "" if given else secrets.token_urlsafe(12)
        return User.objects.create_user(email, given or made), made
