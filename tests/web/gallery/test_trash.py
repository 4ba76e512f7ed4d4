"""The bin: out of the gallery, back into it, and gone for good."""

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from generations import clock
from generations.models import Credential, Event, File, Membership, Role, Task
from generations.models.tasks import KEPT_IN_BIN, TaskState
from tests.factories import make_credential, make_member, make_tasks

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> Membership:
    return make_member(role=Role.OWNER)


@pytest.fixture
def site(client: Client, owner: Membership) -> Client:
    client.force_login(owner.user)
    return client


@pytest.fixture
def credential(owner: Membership) -> Credential:
    return make_credential(team=owner.team)


def made(owner: Membership, credential: Credential, *, prompt: str = "A fox") -> Task:
    """A finished task with a stored video."""
    (task,) = make_tasks(membership=owner, credential=credential, prompt=prompt)
    Task.objects.filter(pk=task.pk).update(state=TaskState.SUCCEEDED, finished_at=clock.now())
    name = default_storage.save(f"{task.pk}.mp4", ContentFile(b"bytes"))
    File.objects.create(
        task=task, team=task.team, part="video", state="stored", name=name, size=5, sha256="5" * 64
    )
    task.refresh_from_db()
    return task


def act(site: Client, name: str, task: Task) -> None:
    assert site.post(reverse(name, args=[task.team.slug, task.pk])).status_code == 302
    task.refresh_from_db()


def see(site: Client, owner: Membership, name: str) -> str:
    return site.get(reverse(name, args=[owner.team.slug])).content.decode()


def test_a_clip_goes_out_of_the_gallery_into_the_bin_and_back(
    site: Client, owner: Membership, credential: Credential
) -> None:
    task = made(owner, credential)
    card, row = f'id="task-{task.pk}"', f'data-task="{task.pk}"'
    act(site, "task_bin", task)
    assert card not in see(site, owner, "gallery")
    html = see(site, owner, "bin")
    assert row in html
    assert "deleted in 29 days" in html
    act(site, "task_restore", task)
    assert card in see(site, owner, "gallery")
    assert row not in see(site, owner, "bin")
    verbs = Event.objects.filter(verb__startswith="task.").order_by("pk").values_list("verb")
    assert [verb for (verb,) in verbs] == ["task.binned", "task.restored"]


def test_other_pages_hear_that_a_clip_went_into_the_bin(
    site: Client, owner: Membership, credential: Credential
) -> None:
    task = made(owner, credential)
    owner.team.refresh_from_db()
    since = f"{owner.team.sequence}~{clock.now().isoformat()}"
    act(site, "task_bin", task)
    address = reverse("changes", args=[owner.team.slug])
    html = site.get(address, {"since": since}).content.decode()
    assert f'<article id="task-{task.pk}" hx-swap-oob="delete">' in html
    assert "data-task" not in html


@pytest.mark.parametrize("state", ["waiting", "sending", "queued", "running", "unclear"])
def test_what_still_goes_on_cannot_go_into_the_bin(
    site: Client, owner: Membership, credential: Credential, state: str
) -> None:
    task = made(owner, credential)
    Task.objects.filter(pk=task.pk).update(state=state)
    act(site, "task_bin", task)
    assert task.binned_at is None
    assert not Event.objects.filter(verb="task.binned").exists()


def test_the_page_of_a_binned_clip_says_so_and_offers_it_back(
    site: Client, owner: Membership, credential: Credential
) -> None:
    task = made(owner, credential)
    page = reverse("task", args=[owner.team.slug, task.pk])
    assert "Into the bin" in site.get(page).content.decode()
    act(site, "task_bin", task)
    html = site.get(page).content.decode()
    assert "This clip is in the bin." in html
    assert "Into the bin" not in html
    Task.objects.update(emptied_at=clock.now())
    File.objects.update(state="deleted", name="")
    html = site.get(page).content.decode()
    assert "Its files were deleted from the bin" in html
    assert "Deleted" in html


def test_after_its_time_it_cannot_be_restored(
    site: Client, owner: Membership, credential: Credential
) -> None:
    task = made(owner, credential)
    act(site, "task_bin", task)
    Task.objects.update(binned_at=clock.now() - KEPT_IN_BIN - timedelta(seconds=1))
    act(site, "task_restore", task)
    assert task.binned_at


def test_viewers_look_into_the_bin_and_only_owners_empty_it(
    client: Client, owner: Membership, credential: Credential
) -> None:
    task = made(owner, credential)
    client.force_login(owner.user)
    act(client, "task_bin", task)
    client.force_login(make_member(team=owner.team, role=Role.VIEWER).user)
    html = see(client, owner, "bin")
    assert f'data-task="{task.pk}"' in html
    assert "Restore" not in html
    client.force_login(make_member(team=owner.team, role=Role.PRODUCER).user)
    html = see(client, owner, "bin")
    assert "Restore" in html
    assert "Empty the bin" not in html


def test_the_bin_of_another_team_is_not_shown(
    site: Client, owner: Membership, credential: Credential
) -> None:
    other = make_member(role=Role.OWNER)
    task = made(other, make_credential(team=other.team))
    Task.objects.update(binned_at=clock.now())
    assert f'data-task="{task.pk}"' not in see(site, owner, "bin")


def test_the_bin_says_how_much_is_kept_and_shared_bytes_count_once(
    site: Client, owner: Membership, credential: Credential
) -> None:
    for _ in range(3):
        made(owner, credential)
    File.objects.update(size=2_000_000)
    assert "This team keeps 2.0\N{NO-BREAK SPACE}MB, the bin included." in see(site, owner, "bin")
    owner.team.quota = 8_000_000
    owner.team.save()
    assert "2.0\N{NO-BREAK SPACE}MB of 8.0\N{NO-BREAK SPACE}MB" in see(site, owner, "bin")


def test_the_bin_is_read_page_by_page_in_a_constant_number_of_queries(
    site: Client, owner: Membership, credential: Credential
) -> None:
    with CaptureQueriesContext(connection) as none:
        see(site, owner, "bin")
    tasks = [made(owner, credential) for _ in range(65)]
    for number, task in enumerate(tasks):
        binned_at = clock.now() - timedelta(minutes=number)
        Task.objects.filter(pk=task.pk).update(binned_at=binned_at, binned_by=owner.user)
    with CaptureQueriesContext(connection) as many:
        html = see(site, owner, "bin")
    assert len(many) <= len(none) + 1
    older = html.partition('href="?before=')[2].partition('"')[0]
    rest = site.get(f"{reverse('bin', args=[owner.team.slug])}?before={older}").content.decode()
    assert (html.count("data-task="), rest.count("data-task=")) == (60, 5)
