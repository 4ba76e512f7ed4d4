"""The trash: out of the gallery, back into it, and gone for good."""

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from generations import clock
from generations.models import AuditEvent, Credential, File, Membership, Role, Task
from generations.models.tasks import KEPT_IN_TRASH, TaskState
from generations.web.gallery import trash
from tests.cases import case
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
        task=task, team=task.team, role="video", state="stored", name=name, size=5, sha256="5" * 64
    )
    task.refresh_from_db()
    return task


def act(site: Client, name: str, task: Task) -> None:
    assert site.post(reverse(name, args=[task.team.slug, task.pk])).status_code == 302
    task.refresh_from_db()


def see(site: Client, owner: Membership, name: str) -> str:
    return site.get(reverse(name, args=[owner.team.slug])).text


def test_a_clip_goes_out_of_the_gallery_into_the_trash_and_back(
    site: Client, owner: Membership, credential: Credential
) -> None:
    task = made(owner, credential)
    card, row = f'id="task-{task.pk}"', f'data-task="{task.pk}"'
    owner.team.refresh_from_db()
    since = f"{owner.team.sequence}~{clock.now().isoformat()}"
    act(site, "task_trash", task)
    assert card not in see(site, owner, "gallery")
    html = see(site, owner, "trash")
    assert row in html
    assert "deleted in 29 days" in html
    with case("other pages take it away"):
        address = reverse("changes", args=[owner.team.slug])
        html = site.get(address, {"since": since}).text
        assert f'<article id="task-{task.pk}" hx-swap-oob="delete">' in html
        assert "data-task" not in html
    act(site, "task_restore", task)
    assert card in see(site, owner, "gallery")
    assert row not in see(site, owner, "trash")
    verbs = AuditEvent.objects.filter(verb__startswith="task.").order_by("pk").values_list("verb")
    assert [verb for (verb,) in verbs] == ["task.trashed", "task.restored"]


def test_what_still_goes_on_cannot_go_into_the_trash(
    site: Client, owner: Membership, credential: Credential
) -> None:
    task = made(owner, credential)
    for state in ("waiting", "sending", "queued", "running", "unclear"):
        with case(state):
            Task.objects.filter(pk=task.pk).update(state=state)
            act(site, "task_trash", task)
            assert task.trashed_at is None
    assert not AuditEvent.objects.filter(verb="task.trashed").exists()


def test_the_page_of_a_trashed_clip_says_so_and_offers_it_back(
    site: Client, owner: Membership, credential: Credential
) -> None:
    task = made(owner, credential)
    page = reverse("task", args=[owner.team.slug, task.pk])
    assert "Move to trash" in site.get(page).text
    act(site, "task_trash", task)
    html = site.get(page).text
    assert "This clip is in the trash." in html
    assert "Move to trash" not in html
    Task.objects.update(purged_at=clock.now())
    File.objects.update(state="deleted", name="")
    html = site.get(page).text
    assert "Its files were deleted from the trash" in html
    assert "Deleted" in html


def test_after_its_time_it_cannot_be_restored(
    site: Client, owner: Membership, credential: Credential
) -> None:
    task = made(owner, credential)
    act(site, "task_trash", task)
    Task.objects.update(trashed_at=clock.now() - KEPT_IN_TRASH - timedelta(seconds=1))
    act(site, "task_restore", task)
    assert task.trashed_at


def test_viewers_look_into_their_own_trash_and_only_owners_empty_it(
    client: Client, owner: Membership, credential: Credential
) -> None:
    task = made(owner, credential)
    other = make_member(role=Role.OWNER)
    theirs = made(other, make_credential(team=other.team))
    Task.objects.update(trashed_at=clock.now())
    row = 'data-task="{}"'
    client.force_login(make_member(team=owner.team, role=Role.VIEWER).user)
    html = see(client, owner, "trash")
    assert row.format(task.pk) in html
    assert row.format(theirs.pk) not in html
    assert "Restore" not in html
    client.force_login(make_member(team=owner.team, role=Role.PRODUCER).user)
    html = see(client, owner, "trash")
    assert "Restore" in html
    assert "Empty the trash" not in html
    client.force_login(owner.user)
    html = see(client, owner, "trash")
    assert "Empty the trash" in html
    assert row.format(theirs.pk) not in html


def test_the_trash_says_how_much_is_kept_and_shared_bytes_count_once(
    site: Client, owner: Membership, credential: Credential
) -> None:
    for _ in range(3):
        made(owner, credential)
    File.objects.update(size=2_000_000)
    kept = "This team uses 2.0\N{NO-BREAK SPACE}MB, including the trash."
    assert kept in see(site, owner, "trash")
    owner.team.quota = 8_000_000
    owner.team.save()
    assert "2.0\N{NO-BREAK SPACE}MB of 8.0\N{NO-BREAK SPACE}MB" in see(site, owner, "trash")


def test_the_trash_is_read_page_by_page_in_a_constant_number_of_queries(
    site: Client, owner: Membership, credential: Credential, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trash, "PAGE", 12)
    with CaptureQueriesContext(connection) as none:
        see(site, owner, "trash")
    tasks = [made(owner, credential) for _ in range(17)]
    for number, task in enumerate(tasks):
        trashed_at = clock.now() - timedelta(minutes=number)
        Task.objects.filter(pk=task.pk).update(trashed_at=trashed_at, trashed_by=owner.user)
    with CaptureQueriesContext(connection) as many:
        html = see(site, owner, "trash")
    assert len(many) <= len(none) + 1
    older = html.partition('href="?before=')[2].partition('"')[0]
    rest = site.get(f"{reverse('trash', args=[owner.team.slug])}?before={older}").text
    assert (html.count("data-task="), rest.count("data-task=")) == (12, 5)
