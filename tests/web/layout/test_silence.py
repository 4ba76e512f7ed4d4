"""While the worker is silent, pages of a team with live work say what is at risk, and from when."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from generations import clock
from generations.models import File, Membership, Pulse, Task, Team
from generations.models.tasks import TaskState
from tests.factories import make_credential, make_member, make_tasks

pytestmark = pytest.mark.django_db
STRIP = "The worker has been silent for 3 min."


@pytest.fixture
def task(member: Membership) -> Task:
    return make_tasks(membership=member, credential=make_credential(team=member.team))[0]


def be_silent(seconds: int = 200) -> None:
    Pulse.objects.update_or_create(
        name="cluster", defaults={"at": clock.now() - timedelta(seconds=seconds)}
    )


def fetching(task: Task, *ends: datetime) -> None:
    Task.objects.filter(pk=task.pk).update(state=TaskState.SUCCEEDED, finished_at=clock.now())
    for ordinal, end in enumerate(ends):
        File.objects.create(
            task=task, team=task.team, part="video", ordinal=ordinal, expires_at=end
        )


def changes(site: Client, team: Team, query: str = "") -> tuple[int, str]:
    team.refresh_from_db()
    address = reverse("changes", args=[team.slug])
    response = site.get(f"{address}?since={team.sequence}~{query}")
    return response.status_code, response.content.decode()


@pytest.mark.parametrize("page", ["gallery", "generate", "credentials", "members"])
def test_every_page_says_how_long_it_is_silent_and_what_would_be_lost(
    site: Client, member: Membership, task: Task, page: str
) -> None:
    be_silent()
    with clock.stopped(clock.now().replace(hour=12, minute=0)) as hands:
        be_silent()
        fetching(task, hands.at + timedelta(minutes=40), hands.at + timedelta(minutes=50))
        html = site.get(reverse(page, args=[member.team.slug])).content.decode()
    assert STRIP in html
    assert "2 files would be lost from 12:40 on." in html


def test_the_page_of_a_clip_says_it_too_and_goes_on_asking(
    site: Client, member: Membership, task: Task
) -> None:
    be_silent()
    fetching(task)
    make_tasks(membership=member, credential=task.credential)
    html = site.get(reverse("task", args=[member.team.slug, task.pk])).content.decode()
    assert STRIP in html
    assert 'data-moving="true"' in html


def test_orders_without_links_are_not_at_risk(site: Client, member: Membership, task: Task) -> None:
    be_silent()
    assert "No file is at risk" in site.get(f"/t/{member.team.slug}/").content.decode()


def test_a_link_that_died_meanwhile_is_said_to_be_asked_for_again(
    site: Client, member: Membership, task: Task
) -> None:
    be_silent()
    fetching(task, clock.now() - timedelta(minutes=1))
    html = site.get(f"/t/{member.team.slug}/").content.decode()
    assert "it is asked for again when the worker is back" in html


@pytest.mark.parametrize("seconds", [0, 55])
def test_while_the_worker_beats_nothing_is_said(
    site: Client, member: Membership, task: Task, seconds: int
) -> None:
    be_silent(seconds)
    assert "has been silent" not in site.get(f"/t/{member.team.slug}/").content.decode()
    assert changes(site, member.team) == (204, "")


def test_a_team_that_waits_for_nothing_is_not_troubled(site: Client, member: Membership) -> None:
    be_silent()
    make_tasks(membership=(other := make_member()), credential=make_credential(team=other.team))
    assert "has been silent" not in site.get(f"/t/{member.team.slug}/").content.decode()
    assert changes(site, member.team)[0] == 204


def test_the_poll_brings_the_strip_and_takes_it_away_though_nothing_else_changed(
    site: Client, member: Membership, task: Task
) -> None:
    be_silent()
    status, html = changes(site, member.team)
    assert (status, STRIP in html) == (200, True)
    assert 'data-query=""' in html
    Pulse.beat("cluster")
    status, html = changes(site, member.team, "&silent=")
    assert (status, 'id="pulse"' in html, STRIP in html) == (200, True, False)
    assert 'data-query=""' in html
    assert changes(site, member.team)[0] == 204


def test_the_poll_of_a_clip_does_so_too(site: Client, member: Membership, task: Task) -> None:
    address = f"{reverse('task', args=[member.team.slug, task.pk])}?since={task.version}"
    assert site.get(address).status_code == 204
    be_silent()
    assert STRIP in site.get(address).content.decode()


def test_the_strip_costs_two_queries_however_many_files_wait(
    site: Client, member: Membership, task: Task
) -> None:
    counts = []
    for age, files in ((0, 1), (200, 1), (200, 30)):
        File.objects.all().delete()
        be_silent(age)
        fetching(task, *[clock.now() + timedelta(hours=1)] * files)
        with CaptureQueriesContext(connection) as queries:
            site.get(reverse("members", args=[member.team.slug]))
        counts.append(len(queries))
    assert counts[1] == counts[2] <= counts[0] + 2
