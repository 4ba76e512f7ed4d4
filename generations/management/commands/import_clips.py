"""``manage.py import_clips TEAM ID…``: import clips that were ordered elsewhere."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from generations.lifecycle import imports
from generations.lifecycle.imports import Imported, Outcome
from generations.models import Credential, Membership, Role, Team

MESSAGES = {
    Outcome.IMPORTED: "{remote_id} is imported as task {task}.",
    Outcome.KNOWN: "{remote_id} is here already, as task {task}.",
    Outcome.UNREADABLE: "{remote_id} is no id of a task.",
}


class Command(BaseCommand):
    help = "Imports clips that were ordered elsewhere; nothing is ordered and nothing is paid."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("team", help="its address, as in /t/<team>/")
        parser.add_argument(
            "ids", nargs="*", help="the provider's ids of tasks; without any, from stdin"
        )
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
        text = " ".join(options["ids"]) or sys.stdin.read()
        results = imports.import_tasks(
            self._member(team, options["by"]), key, imports.ids_in(text), films=options["films"]
        )
        for result in results:
            self._report(result)
        if any(result.outcome == Outcome.IMPORTED for result in results):
            self.stdout.write("They are checked and stored while `manage.py up` runs.")

    def _member(self, team: Team, email: str | None) -> Membership:
        members = team.memberships.select_related("team", "user").order_by("pk")
        chosen = members.filter(user__email=email) if email else members.filter(role=Role.OWNER)
        member = chosen.first()
        if member is None or not member.may_order:
            raise CommandError(f"{email or 'Nobody'} may order in {team.name}.")
        return member

    def _report(self, result: Imported) -> None:
        task = result.task.pk if result.task else "?"
        message = MESSAGES[result.outcome]
        self.stdout.write(message.format(remote_id=result.remote_id, task=task))
