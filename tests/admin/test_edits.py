"""Who may enter the admin site, and the little that may be changed there.

That is: people, teams, ways to sign in, and the installation.
"""

from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialApp
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from generations.models import AuditEvent, Installation, Membership, Role, Task, Team, User
from generations.models.tasks import TaskState
from generations.teams import installation, ordering_stops
from tests.factories import make_credential, make_member, make_tasks, make_team, make_user

pytestmark = pytest.mark.django_db

type Fill = Callable[[int], list[Membership]]
NO_ROWS = {"memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0}
INSTALLATION = "/admin/generations/installation/1/change/"


def page(model: str, row: Team | User | Membership) -> str:
    return reverse(f"admin:generations_{model}_change", args=[row.pk])


def test_a_person_who_is_not_staff_is_refused(client: Client, fill: Fill) -> None:
    (member,) = fill(1)
    client.force_login(member.user)
    assert client.get(reverse("admin:index"), follow=True).status_code == 403
    assert client.get(reverse("admin:generations_task_changelist"), follow=True).status_code == 403


def test_somebody_signed_out_is_led_to_the_login_of_the_site(client: Client, db: None) -> None:
    response = client.get(reverse("admin:index"), follow=True)
    assert response.redirect_chain[-1][0].startswith(reverse("account_login"))


def test_a_team_can_be_renamed_and_that_is_written_down(site: Client, operator: User) -> None:
    team = make_team(name="Harbour Lane")
    site.post(page("team", team), {"name": "Harbour Street", **NO_ROWS})
    team.refresh_from_db()
    event = AuditEvent.objects.get(verb="team.renamed")
    assert (team.name, event.actor, event.detail) == (
        "Harbour Street",
        operator,
        {"before": "Harbour Lane"},
    )


def test_an_operator_sets_what_a_team_may_keep_and_that_is_written_down(
    site: Client, operator: User
) -> None:
    team = make_team()
    site.post(page("team", team), {"name": team.name, "quota": "50000000000", **NO_ROWS})
    assert Team.objects.get().quota == 50_000_000_000
    event = AuditEvent.objects.get(verb="team.quota")
    assert (event.actor, event.detail) == (operator, {"before": None, "after": 50_000_000_000})
    site.post(page("team", team), {"name": team.name, "quota": "", **NO_ROWS})
    assert Team.objects.get().quota is None


def test_a_role_can_be_changed_and_that_is_written_down(site: Client) -> None:
    member = make_member()
    site.post(page("membership", member), {"role": Role.OWNER})
    member.refresh_from_db()
    assert member.role == Role.OWNER
    assert AuditEvent.objects.get(verb="member.role").detail == {
        "before": "producer",
        "after": "owner",
    }


def test_the_last_owner_stays_and_is_told_why(site: Client) -> None:
    owner = make_member(role=Role.OWNER)
    response = site.post(page("membership", owner), {"role": Role.VIEWER}, follow=True)
    owner.refresh_from_db()
    assert owner.role == Role.OWNER
    assert "a team needs at least one owner" in response.content.decode()
    assert "was changed successfully" not in response.content.decode()


def test_a_superuser_gives_rights(site: Client) -> None:
    user = make_user()
    form = {"name": "Seun Ade", "is_active": "on", "is_staff": "on", **NO_ROWS}
    site.post(page("user", user), form)
    user.refresh_from_db()
    assert (user.name, user.is_staff) == ("Seun Ade", True)


@pytest.fixture
def clerk(client: Client, db: None) -> User:
    """Staff who may change people, and no superuser."""
    user = make_user()
    User.objects.filter(pk=user.pk).update(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["change_user", "view_user"]))
    client.force_login(user)
    return user


def test_staff_cannot_raise_anybody(client: Client, clerk: User) -> None:
    other = make_user()
    client.post(page("user", other), {"name": "Mei", "is_active": "on", "is_staff": "on"})
    other.refresh_from_db()
    assert (other.name, other.is_staff) == ("Mei", False)


def test_staff_cannot_change_a_superuser(client: Client, clerk: User, operator: User) -> None:
    assert client.post(page("user", operator), {"name": "Gone"}).status_code == 403
    operator.refresh_from_db()
    assert operator.is_active


def test_the_secret_of_a_sign_in_provider_goes_in_and_stays_in(site: Client) -> None:
    form = {
        "provider": "openid_connect",
        "provider_id": "studio",
        "name": "Studio",
        "client_id": "rushes",
        "secret": "client-secret-once",
        "settings": "{}",
    }
    site.post(reverse("admin:socialaccount_socialapp_add"), form)
    app = SocialApp.objects.get()
    door = reverse("admin:socialaccount_socialapp_change", args=[app.pk])
    assert "client-secret-once" not in site.get(door).content.decode()
    site.post(door, {**form, "name": "The studio", "secret": ""})
    app.refresh_from_db()
    assert (app.name, app.secret) == ("The studio", "client-secret-once")


def test_a_lost_second_factor_can_be_removed_and_is_never_shown(site: Client) -> None:
    user = make_user()
    factor = Authenticator.objects.create(
        user=user, type=Authenticator.Type.TOTP, data={"secret": "seed-of-the-codes"}
    )
    door = reverse("admin:mfa_authenticator_change", args=[factor.pk])
    assert "seed-of-the-codes" not in site.get(door).content.decode()
    site.post(reverse("admin:mfa_authenticator_delete", args=[factor.pk]), {"post": "yes"})
    assert not Authenticator.objects.exists()


# ---- The installation -----------------------------------------------------------------------


def press(site: Client, **fields: str) -> str:
    response = site.post(INSTALLATION, fields, follow=True)
    assert response.status_code == 200
    return str(response.content.decode())


def test_an_operator_stops_all_ordering_and_allows_it_again(site: Client, operator: User) -> None:
    team = make_team()
    assert "Nothing is ordered any more, of any team." in press(site, _stop="on")
    assert ordering_stops.sending_obstacle(team) == ordering_stops.STOPPED
    assert Installation.here().stopped_by == operator
    assert "Orders may leave again." in press(site, _allow="on")
    assert ordering_stops.sending_obstacle(team) == ""
    events = AuditEvent.objects.filter(team=team, actor=operator).order_by("pk")
    assert [event.verb for event in events] == ["ordering.stopped", "ordering.allowed"]


@pytest.mark.parametrize(
    ("knows", "state"), [(False, TaskState.UNCLEAR), (True, TaskState.WAITING)]
)
def test_an_operator_releases_a_copied_database(
    site: Client, *, knows: bool, state: TaskState
) -> None:
    member = make_member()
    make_tasks(membership=member, credential=make_credential(team=member.team))
    installation.ensure_identity()
    installation.mark_as_copy()
    assert "was copied or restored" in site.get(INSTALLATION).content.decode()
    fields = {"_allow": "on"} | ({"nothing_was_sent": "on"} if knows else {})
    said = press(site, **fields)
    assert ("1 order that waited is unclear now" in said) is not knows
    assert installation.is_at_home()
    assert Task.objects.get().state == state
    assert AuditEvent.objects.filter(verb="ordering.released", team=member.team).exists()


def test_staff_who_may_only_look_see_the_state_and_no_button(client: Client) -> None:
    clerk = make_user()
    User.objects.filter(pk=clerk.pk).update(is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename="view_installation"))
    client.force_login(clerk)
    Installation.here()
    html = client.get(INSTALLATION).content.decode()
    assert "allowed" in html
    assert "_stop" not in html
    assert client.post(INSTALLATION, {"_stop": "on"}).status_code == 403
    assert Installation.here().stopped_at is None
