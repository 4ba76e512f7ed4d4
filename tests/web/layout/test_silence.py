"""While the worker is silent, pages of a team with live work say what is at risk, and from when."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from generations import clock
from generations.models import File, Heartbeat, Membership, Task, Team
from generations.models.tasks import TaskState
from tests.cases import case
from tests.factories import make_credential, make_member, make_tasks

pytestmark = pytest.mark.django_db
LINKS_AGAIN = "Rushes asks for a new link when the worker is back."
NOTICE = "The background worker has not responded for 3 min."


@pytest.fixture
def task(member: Membership) -> Task:
    return make_tasks(membership=member, credential=make_credential(team=member.team))[0]


def be_silent(seconds: int = 200) -> None:
    Heartbeat.objects.update_or_create(
        name="cluster", defaults={"at": clock.now() - timedelta(seconds=seconds)}
    )


def fetching(task: Task, *ends: datetime) -> None:
    Task.objects.filter(pk=task.pk).update(state=TaskState.SUCCEEDED, finished_at=clock.now())
    for ordinal, end in enumerate(ends):
        File.objects.create(
            task=task, team=task.team, role="video", ordinal=ordinal, expires_at=end
        )


def changes(site: Client, team: Team, query: str = "") -> tuple[int, str]:
    team.refresh_from_db()
    address = reverse("changes", args=[team.slug])
    response = site.get(f"{address}?since={team.sequence}~{query}")
    return response.status_code, response.text


def test_every_page_says_how_long_it_is_silent_and_what_would_be_lost(
    site: Client, member: Membership, task: Task
) -> None:
    with clock.frozen(clock.now().replace(hour=12, minute=0)) as frozen_clock:
        be_silent()
        fetching(
            task, frozen_clock.at + timedelta(minutes=40), frozen_clock.at + timedelta(minutes=50)
        )
        for name in ("gallery", "generate", "credentials", "members"):
            with case(name):
                html = site.get(reverse(name, args=[member.team.slug])).text
                assert NOTICE in html
                assert (
                    "2 files will be lost from 12:40 on if the worker is not back by then." in html
                )


def test_the_page_of_a_clip_says_it_too_and_goes_on_asking(
    site: Client, member: Membership, task: Task
) -> None:
    address = reverse("task", args=[member.team.slug, task.pk])
    assert site.get(f"{address}?since={task.version}").status_code == 204
    be_silent()
    assert NOTICE in site.get(f"{address}?since={task.version}").text
    fetching(task)
    make_tasks(membership=member, credential=task.credential)
    html = site.get(address).text
    assert NOTICE in html
    assert 'data-moving="true"' in html


def test_it_says_what_happens_to_each_kind_of_work(
    site: Client, member: Membership, task: Task
) -> None:
    be_silent()
    with case("orders without links are not at risk"):
        assert "No file is at risk" in site.get(f"/t/{member.team.slug}/").text
    with case("a link that expired meanwhile is asked for again"):
        fetching(task, clock.now() - timedelta(minutes=1))
        html = site.get(f"/t/{member.team.slug}/").text
        assert LINKS_AGAIN in html


def test_while_the_worker_beats_nothing_is_said(
    site: Client, member: Membership, task: Task
) -> None:
    for seconds in (0, 55):
        with case(seconds):
            be_silent(seconds)
            assert "data-silent" not in site.get(f"/t/{member.team.slug}/").text
            assert changes(site, member.team) == (204, "")


def test_a_team_that_waits_for_nothing_is_not_troubled(site: Client, member: Membership) -> None:
    be_silent()
    make_tasks(membership=(other := make_member()), credential=make_credential(team=other.team))
    assert "data-silent" not in site.get(f"/t/{member.team.slug}/").text
    assert changes(site, member.team)[0] == 204


def test_the_poll_brings_the_notice_and_takes_it_away_though_nothing_else_changed(
    site: Client, member: Membership, task: Task
) -> None:
    be_silent()
    status, html = changes(site, member.team)
    assert (status, NOTICE in html) == (200, True)
    assert 'data-query=""' in html
    Heartbeat.record("cluster")
    status, html = changes(site, member.team, "&silent=")
    assert (status, 'id="alarms"' in html, NOTICE in html) == (200, True, False)
    assert 'data-query=""' in html
    assert changes(site, member.team)[0] == 204


def test_the_notice_costs_two_queries_however_many_files_wait(
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
