"""An operator stops all ordering, releases a copied database, and sets what a team may keep."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from generations.models import AuditEvent, Installation, Task, Team, User
from generations.models.tasks import TaskState
from generations.teams import installation, ordering_stops
from tests.factories import make_credential, make_member, make_tasks, make_team, make_user

pytestmark = pytest.mark.django_db
PAGE = "/admin/generations/installation/1/change/"
NO_ROWS = {"memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0}


def press(site: Client, **fields: str) -> str:
    response = site.post(PAGE, fields, follow=True)
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
    assert "was copied or restored" in site.get(PAGE).content.decode()
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
    html = client.get(PAGE).content.decode()
    assert "allowed" in html
    assert "_stop" not in html
    assert client.post(PAGE, {"_stop": "on"}).status_code == 403
    assert Installation.here().stopped_at is None


def test_an_operator_sets_what_a_team_may_keep_and_that_is_written_down(
    site: Client, operator: User
) -> None:
    team = make_team()
    page = reverse("admin:generations_team_change", args=[team.pk])
    site.post(page, {"name": team.name, "quota": "50000000000", **NO_ROWS})
    assert Team.objects.get().quota == 50_000_000_000
    event = AuditEvent.objects.get(verb="team.quota")
    assert (event.actor, event.detail) == (operator, {"before": None, "after": 50_000_000_000})
    site.post(page, {"name": team.name, "quota": "", **NO_ROWS})
    assert Team.objects.get().quota is None
