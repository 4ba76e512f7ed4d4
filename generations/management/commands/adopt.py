"""``manage.py adopt TEAM NUMBER…``: take in clips that were ordered elsewhere with a team's key."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from generations.lifecycle import imports
from generations.lifecycle.imports import Adoption, Outcome
from generations.models import Credential, Membership, Role, Team

SAID = {
    Outcome.TAKEN: "{number} is taken in as task {task}.",
    Outcome.KNOWN: "{number} is here already, as task {task}.",
    Outcome.UNREADABLE: "{number} is no number of a task.",
}


class Command(BaseCommand):
    help = "Takes in clips that were ordered elsewhere; nothing is ordered and nothing is paid."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("team", help="its address, as in /t/<team>/")
        parser.add_argument("numbers", nargs="*", help="the provider's; without any, from stdin")
        parser.add_argument("--credential", required=True, help="the name of the key")
        parser.add_argument("--by", help="the e-mail of a producer or owner; else the first owner")
        parser.add_argument("--films", action="store_true", help="they are ad films")

    def handle(self, *args: Any, **options: Any) -> None:
        team = Team.objects.filter(slug=options["team"]).first()
        if team is None:
            raise CommandError(f"There is no team {options['team']}.")
        keys = Credential.objects.for_team(team)
        key = keys.filter(name=options["credential"]).first()
        if key is None:
            names = ", ".join(keys.values_list("name", flat=True)) or "none"
            raise CommandError(f"{team.name} has no such credential. There are: {names}.")
        text = " ".join(options["numbers"]) or sys.stdin.read()
        adoptions = imports.adopt(
            self._member(team, options["by"]), key, imports.numbers_in(text), films=options["films"]
        )
        for adoption in adoptions:
            self._tell(adoption)
        if any(adoption.outcome == Outcome.TAKEN for adoption in adoptions):
            self.stdout.write("They are asked for and kept while `manage.py up` runs.")

    def _member(self, team: Team, email: str | None) -> Membership:
        members = team.memberships.select_related("team", "user").order_by("pk")
        chosen = members.filter(user__email=email) if email else members.filter(role=Role.OWNER)
        member = chosen.first()
        if member is None or not member.may_order:
            raise CommandError(f"{email or 'Nobody'} may order in {team.name}.")
        return member

    def _tell(self, adoption: Adoption) -> None:
        said = SAID[adoption.outcome]
        task = adoption.task.pk if adoption.task else "?"
        self.stdout.write(said.format(number=adoption.number, task=task))
