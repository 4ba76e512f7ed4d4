"""What a team may lose, on its pages: files at risk, and orders that stay unclear."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django_q.models import OrmQ

from generations import clock
from generations.models import Attempt, Credential, File, Membership, Role, Task
from generations.models.files import FileState
from generations.models.tasks import AttemptState, TaskState
from tests.cases import case
from tests.factories import make_member, make_tasks

pytestmark = pytest.mark.django_db


def waiting(member: Membership, credential: Credential, minutes: float, **fields: object) -> File:
    """A finished clip whose file is still at its provider; its link dies in so many minutes."""
    (task,) = make_tasks(membership=member, credential=credential, prompt=f"Dies in {minutes}")
    Task.objects.filter(pk=task.pk).update(state=TaskState.SUCCEEDED)
    end = clock.now() + timedelta(minutes=minutes)
    return File.objects.create(
        **{"task": task, "team": member.team, "role": "video", "expires_at": end} | fields
    )


def unclear(member: Membership, credential: Credential, minutes: int, *, alarmed: bool) -> Task:
    (task,) = make_tasks(membership=member, credential=credential)
    since = clock.now() - timedelta(minutes=minutes)
    alarm = {"alarmed_at": clock.now()} if alarmed else {}
    Task.objects.filter(pk=task.pk).update(state=TaskState.UNCLEAR, unclear_at=since, **alarm)
    Attempt.objects.filter(task=task).update(state=AttemptState.UNCLEAR, sent_at=since)
    return task


def read(site: Client, member: Membership, name: str, query: str = "") -> str:
    return site.get(reverse(name, args=[member.team.slug]) + query).text


def test_what_would_be_lost_first_stands_first_with_its_end_and_what_is_done(
    site: Client, member: Membership, credential: Credential
) -> None:
    waiting(member, credential, 50)
    soon = waiting(
        member, credential, 5, last_error="The server answered 503.", state=FileState.FETCHING
    )
    waiting(member, credential, -1)
    early = {"missing_since": clock.now(), "last_error": "The server answered 404. NoSuchKey"}
    waiting(member, credential, 49, **early)
    stored = waiting(member, credential, 1, state=FileState.STORED)
    page = read(site, member, "at_risk")
    places = [page.index(f"Dies in {minutes}<") for minutes in (-1, 5, 50)]
    assert places == sorted(places)
    assert f'data-file="{stored.pk}"' not in page
    assert soon.expires_at
    assert f'<time data-until datetime="{soon.expires_at:%Y-%m-%dT%H:%M:%S}' in page
    assert "The provider is asked for a new link." in page
    assert "It is not there yet. Rushes keeps asking" in page
    assert '<code dir="auto">The server answered 404. NoSuchKey</code>' in page
    assert "Rushes tries again automatically" in page
    rows = read(site, member, "at_risk", "?rows")
    assert "<html" not in rows
    assert rows.count("<li ") == 4


def test_the_list_asks_as_many_queries_for_many_files_as_for_few(
    site: Client, member: Membership, credential: Credential
) -> None:
    counts = []
    read(site, member, "at_risk")
    for _ in range(2):
        waiting(member, credential, 50)
        with CaptureQueriesContext(connection) as captured:
            read(site, member, "at_risk")
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_fetch_now_rings_for_a_file_that_waits_and_not_for_one_in_hands(
    site: Client, member: Membership, credential: Credential
) -> None:
    later = clock.now() + timedelta(minutes=4)
    file = waiting(member, credential, 50, not_before=later)
    busy = waiting(member, credential, 9, state=FileState.FETCHING, lease_until=later)
    OrmQ.objects.all().delete()
    for each in (file, busy):
        site.post(reverse("at_risk_fetch", args=[member.team.slug, each.pk]))
    file.refresh_from_db()
    assert file.not_before is None
    assert "It is being fetched, or here already." in read(site, member, "at_risk")


def test_pages_tell_of_files_at_risk_until_they_are_here(
    site: Client, member: Membership, credential: Credential
) -> None:
    file = waiting(member, credential, 9)
    pages = ("gallery", "generate", "credentials")
    for name in pages:
        with case(f"{name}, before it is a risk"):
            assert "data-risk" not in read(site, member, name)
    File.objects.update(warned_at=clock.now())
    for name in pages:
        with case(name):
            html = read(site, member, name)
            assert "1 file is paid for but not saved here yet" in html
            assert f'href="/t/{member.team.slug}/at-risk/"' in html
    File.objects.filter(pk=file.pk).update(state=FileState.STORED)
    for name in pages:
        with case(f"{name}, after it was stored"):
            assert "data-risk" not in read(site, member, name)


def test_an_alarm_stands_on_the_pages_until_somebody_decides(
    site: Client, member: Membership, credential: Credential
) -> None:
    unclear(member, credential, 3, alarmed=False)
    assert "data-unclear" not in read(site, member, "generate")
    task = unclear(member, credential, 16, alarmed=True)
    told = read(site, member, "generate")
    assert "1 order has been unclear for more than 15 minutes." in told
    assert "35 credits stay held until someone decides." in told
    site.post(reverse("task_release", args=[member.team.slug, task.pk]))
    assert "data-unclear" not in read(site, member, "generate")
    stranger = make_member(role=Role.OWNER)
    site.force_login(stranger.user)
    assert "data-unclear" not in read(site, stranger, "generate")


def test_the_unclear_have_a_filter_of_their_own_with_age_owner_and_what_is_held(
    site: Client, member: Membership, credential: Credential
) -> None:
    task = unclear(member, credential, 72, alarmed=True)
    unclear(member, credential, 3, alarmed=False)
    make_tasks(membership=member, credential=credential)
    wall = read(site, member, "gallery", "?state=unclear")
    assert wall.count("<article ") == 2
    assert "70 credits stay held until someone decides." in wall
    assert "It is unclear whether the provider received 2 orders." in wall
    assert ">1:12:0" in wall
    assert "may cost 35 credits" in wall
    assert "Mei" in wall
    assert f"/tasks/{task.pk}/#decide" in wall
    page = site.get(reverse("task", args=[member.team.slug, task.pk])).text
    ways = (f"/tasks/{task.pk}/check", f"/tasks/{task.pk}/found", f"/tasks/{task.pk}/release")
    assert all(f'action="/t/{member.team.slug}{way}"' in page for way in ways)
    assert 'name="send_again"' in page
    assert "Unclear for" in page
