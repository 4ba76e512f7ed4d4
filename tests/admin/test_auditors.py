"""Auditors see all of their teams in the admin site, nothing of others, and change nothing there.

Every address of the site is walked as it stands in its own table of addresses, so that a page that
somebody adds is walked too.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Model
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse

from generations.models import (
    Account,
    Attempt,
    AuditEvent,
    BalanceFall,
    Cap,
    Claim,
    Credential,
    CredentialPrice,
    Entry,
    File,
    Film,
    Invitation,
    Membership,
    Role,
    Statement,
    Task,
    Team,
    Upload,
    User,
)
from tests.factories import make_member, make_user

type Fill = Callable[[int], list[Membership]]
WORD = "ZZ-of-another-team"
# Where an auditor works: gives statements, decides claims, and looks after his own account.
WORKS = {
    *("generations_statement_add", "generations_statement_change"),
    *("generations_claim_changelist", "generations_claim_change"),
    *("logout", "password_change", "login"),
}
TYPED = {
    **{"post": "yes", "_save": "Save", "action": "delete_selected", "_selected_action": "1"},
    **{"name": "Changed", "is_staff": "on", "is_active": "", "role": "owner", "quota": "1"},
    **{"_stop": "1", "_allow": "1", "slug": "changed", "state": "failed", "balance": "9"},
    **{"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"},
}


@dataclass(frozen=True)
class Door:
    """One address of the admin site, as far as it does not name a row."""

    route: str
    name: str
    model: type[Model] | None

    def address(self, row: Model | None) -> str:
        known = {"<path:object_id>": f"{row.pk if row else 1}", "<int:content_type_id>": "1"}
        route = self.route
        for part, value in known.items():
            route = route.replace(part, value)
        return f"/admin/{route}"

    @property
    def names_a_row(self) -> bool:
        return "object_id" in self.route


def walk(patterns: Any, before: str = "", model: type[Model] | None = None) -> Iterator[Door]:
    of = {f"{m._meta.app_label}/{m._meta.model_name}/": m for m in admin.site._registry}
    for pattern in patterns:
        route = f"{before}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            yield from walk(pattern.url_patterns, route, of.get(route, model))
        elif isinstance(pattern, URLPattern):
            yield Door(route, pattern.name or "", model)


def doors() -> list[Door]:
    """All but those that are regular expressions: one application's list, and the last resort."""
    return [door for door in walk(admin.site.get_urls()) if "(?P" not in door.route]


@pytest.fixture
def teams(fill: Fill) -> tuple[Team, Team]:
    """One's own and another, whose every word is WORD."""
    ours, others = (member.team for member in fill(2))
    Team.objects.filter(pk=others.pk).update(name=WORD, slug=WORD.lower())
    User.objects.filter(memberships__team=others).update(name=WORD, email=f"{WORD}@example.com")
    Credential.objects.filter(team=others).update(name=WORD)
    Task.objects.filter(team=others).update(prompt=WORD, alarm=WORD)
    Attempt.objects.filter(task__team=others).update(code=WORD)
    Film.objects.filter(team=others).update(title=WORD)
    File.objects.filter(team=others).update(last_error=WORD)
    Upload.objects.filter(team=others).update(name=WORD)
    Claim.objects.filter(team=others).update(reason=WORD)
    Statement.objects.filter(team=others).update(name=WORD)
    CredentialPrice.objects.filter(team=others).update(model=WORD)
    BalanceFall.objects.filter(team=others).update(reason=WORD)
    return ours, others


@pytest.fixture
def auditor(teams: tuple[Team, Team], client: Client) -> Client:
    user = make_user(name="Ada Ledger")
    make_member(team=teams[0], user=user, role=Role.AUDITOR)
    client.force_login(user)
    return client


def rows_of(model: type[Model], team: Team) -> list[Model]:
    """The rows of a model that an auditor of this team would see."""
    model_admin: Any = admin.site._registry[model]
    path = getattr(model_admin, "_path", "")
    rows = model._default_manager.all()
    return list(rows.filter(**{path: team.pk})[:2]) if path else list(rows[:2])


def everything() -> dict[str, list[Any]]:
    """All rows of all tables, but sessions."""
    return {
        model.__name__: list(model._default_manager.order_by("pk").values())
        for model in apps.get_models()
        if model is not Session
    }


def ask(client: Client, door: Door, row: Model | None) -> Iterator[tuple[str, Any]]:
    address = door.address(row)
    yield f"GET {address}", client.get(address)
    if door.name not in WORKS:
        yield f"POST {address}", client.post(address, TYPED)


def content(response: Any) -> str:
    if response.streaming:
        return b"".join(response.streaming_content).decode(errors="replace")
    return str(response.content.decode())


def test_the_site_has_the_addresses_that_are_walked() -> None:
    walked = {door.name for door in doors()}
    assert {"index", "generations_entry_changelist", "generations_entry_csv"} <= walked
    assert {"generations_task_change", "generations_installation_change"} <= walked
    assert len(doors()) > 100
    assert walked >= WORKS


OF_TEAMS = [
    *(Account, Attempt, BalanceFall, Cap, Claim, Credential, CredentialPrice, Entry, AuditEvent),
    *(File, Film, Invitation, Membership, Statement, Task, Team, Upload, User),
]


def test_an_auditor_sees_all_rows_of_his_team_and_no_address_shows_or_changes_more(
    auditor: Client, teams: tuple[Team, Team]
) -> None:
    before, wrong, opened = everything(), [], set()
    for door in doors():
        for team in teams:
            rows = rows_of(door.model, team) if door.model and door.names_a_row else [None]
            for asked, response in (answer for row in rows for answer in ask(auditor, door, row)):
                if WORD in content(response):
                    wrong.append(f"{asked} shows it")
                if response.status_code not in {200, 302, 403, 404, 405}:
                    wrong.append(f"{asked} answers {response.status_code}")
                if response.status_code == 200:
                    opened.add(asked)
            if not door.names_a_row:
                break
    after = everything()
    wrong += [f"{name} was changed" for name, rows in after.items() if rows != before[name]]
    assert wrong == []
    for model in OF_TEAMS:
        name, wanted = f"admin:generations_{model._meta.model_name}", rows_of(model, teams[0])
        assert wanted, model
        listed = auditor.get(reverse(f"{name}_changelist")).context["cl"]
        assert {row.pk for row in wanted} <= set(listed.queryset.values_list("pk", flat=True))
        pages = {f"GET {reverse(f'{name}_change', args=[row.pk])}" for row in wanted}
        assert pages <= opened, model


OF_NO_TEAM = ("heartbeat", "lease", "installation", "offerchange", "offerchange/add")


def test_what_belongs_to_no_team_and_ways_to_sign_in_are_for_operators(auditor: Client) -> None:
    ours = [f"generations/{name}" for name in OF_NO_TEAM]
    for page in [*ours, "auth/group", "socialaccount/socialapp", "mfa/authenticator"]:
        assert auditor.get(f"/admin/{page}/").status_code == 403, page


def test_other_roles_do_not_come_in(teams: tuple[Team, Team], client: Client) -> None:
    for role in set(Role) - {Role.AUDITOR}:
        client.force_login(make_member(team=teams[0], user=make_user(), role=role).user)
        assert client.get(reverse("admin:index"), follow=True).status_code == 403, role


def test_who_is_no_auditor_any_more_is_out_at_once(
    auditor: Client, teams: tuple[Team, Team]
) -> None:
    assert auditor.get(reverse("admin:index")).status_code == 200
    Membership.objects.filter(role=Role.AUDITOR).update(role=Role.VIEWER)
    assert auditor.get(reverse("admin:index"), follow=True).status_code == 403


def test_an_auditor_of_two_teams_sees_both_and_each_person_once(
    auditor: Client, teams: tuple[Team, Team]
) -> None:
    ada = User.objects.get(name="Ada Ledger")
    make_member(team=teams[1], user=ada, role=Role.AUDITOR)
    people = auditor.get(reverse("admin:generations_user_changelist")).context["cl"].queryset
    seen = list(people.values_list("pk", flat=True))
    assert sorted(seen) == sorted(set(seen))
    assert User.objects.get(memberships__team=teams[1], name=WORD).pk in seen


# ---- What an auditor does ------------------------------------------------------------------------


def give(auditor: Client, key: Credential) -> Any:
    file = SimpleUploadedFile("may.csv", b"task_id,credits\n4711,20\n")
    address = reverse("admin:generations_statement_add")
    return auditor.post(address, {"credential": key.pk, "file": file})


def test_an_auditor_imports_for_his_own_teams_keys_alone(
    auditor: Client, teams: tuple[Team, Team]
) -> None:
    ours, others = teams
    assert give(auditor, Credential.objects.get(team=others)).status_code == 422
    assert give(auditor, Credential.objects.get(team=ours)).status_code == 302
    given = Statement.objects.latest("pk")
    auditor.post(reverse("admin:generations_statement_change", args=[given.pk]), {"_import": "1"})
    assert Claim.objects.get(remote_id="4711").team == ours


def test_an_auditor_decides_the_claims_of_his_own_teams_alone(
    auditor: Client, teams: tuple[Team, Team]
) -> None:
    said = {"_dispute": "1", "reason": "Told less."}
    for team in teams:
        for claim in Claim.objects.filter(team=team):
            auditor.post(reverse("admin:generations_claim_change", args=[claim.pk]), said)
    decided = Claim.objects.filter(decision="disputed").values_list("team", flat=True)
    assert set(decided) == {teams[0].pk}


def test_an_auditor_cannot_choose_claims_of_other_teams(
    auditor: Client, teams: tuple[Team, Team]
) -> None:
    chosen = [claim.pk for claim in Claim.objects.all()]
    page = reverse("admin:generations_claim_changelist")
    said = {"action": "dispute_chosen", "_confirmed": "1", "reason": "Told less."}
    auditor.post(page, {**said, "_selected_action": chosen})
    decided = Claim.objects.filter(decision="disputed").values_list("team", flat=True)
    assert set(decided) == {teams[0].pk}
