"""Room on the disk: shared bytes, quotas, the trash, and what happens when there is none left."""

import errno
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings as project
from django.core.files.storage import default_storage
from pytest_django import Settings

from generations import clock
from generations.lifecycle import fetch, sweep, trash
from generations.lifecycle import order as ordering
from generations.media import Facts, MediaProblem
from generations.models import File, Film, Lease, Membership, Segment, Take, Task, Team
from generations.models.files import FileState
from generations.models.films import FILM
from generations.models.tasks import KEPT_IN_TRASH, TaskState
from generations.storage import store
from generations.teams import ordering_stops
from tests.factories import make_credential, make_member, wanted

from .conftest import World


def test_the_storage_is_known_before_its_first_use(settings: Settings) -> None:
    settings.STORAGES = dict(settings.STORAGES)  # makes Django forget the storage it opened
    assert store.is_on_disk()


def same_clip(world: World, membership: Membership | None = None) -> File:
    """A stored video; each is the same, byte for byte."""
    member = membership or world.membership
    key = world.credential
    if membership:
        key = make_credential(team=member.team, base_url=world.sandbox.url)
    order = replace(wanted(prompt="[no cover] A fox"), seed=7)
    (task,) = ordering.order(member, key, order, form_token=uuid4().hex)
    world.finish()
    return File.objects.get(task=task, role="video")


def inode(file: File) -> int:
    return os.stat(default_storage.path(file.name)).st_ino


def ready(world: World) -> File:
    """A file that is only at the provider."""
    world.order("[no cover] A lighthouse")
    world.end()
    world.cluster.lose()
    return File.objects.get()


def is_nothing_half(file: File) -> bool:
    folder = project.PARTIAL_DIR / str(file.pk)
    return not (folder / "body").exists() and not list(store.names())


# ---- Shared bytes ---------------------------------------------------------------------------


def test_the_same_bytes_are_kept_once_in_a_team(world: World) -> None:
    first, second = same_clip(world), same_clip(world)
    assert first.sha256 == second.sha256
    assert first.name != second.name
    assert inode(first) == inode(second)
    assert ordering_stops.stored_bytes(world.membership.team) == first.size


def test_another_team_shares_nothing(world: World) -> None:
    first, second = same_clip(world), same_clip(world, make_member())
    assert first.sha256 == second.sha256
    assert inode(first) != inode(second)


def test_damaged_bytes_are_not_shared(world: World) -> None:
    first = same_clip(world)
    path = Path(default_storage.path(first.name))
    path.write_bytes(b"damaged")
    second = same_clip(world)
    assert inode(first) != inode(second)
    assert store.sha256(second.name) == second.sha256


def test_where_bytes_cannot_be_linked_each_file_has_its_own(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_many(source: object, target: object) -> None:
        raise OSError(errno.EMLINK, "Too many links")

    first = same_clip(world)
    monkeypatch.setattr(os, "link", too_many)
    second = same_clip(world)
    assert inode(first) != inode(second)
    assert store.sha256(second.name) == second.sha256


def test_deleting_one_of_two_leaves_the_bytes_of_the_other(world: World) -> None:
    first, second = same_clip(world), same_clip(world)
    trash.move_to_trash(first.task, world.membership.user)
    trash.empty(world.membership.team, world.membership.user)
    world.cluster.work()
    assert not default_storage.exists(first.name)
    assert store.sha256(second.name) == second.sha256


# ---- The trash ------------------------------------------------------------------------------


@pytest.fixture
def in_trash(world: World) -> File:
    world.order("A lighthouse")
    world.finish()
    file = File.objects.get(role="video")
    trash.move_to_trash(file.task, world.membership.user)
    return file


def test_after_its_time_in_the_trash_the_files_go_and_the_rows_stay(
    world: World, in_trash: File
) -> None:
    world.frozen_clock.advance(KEPT_IN_TRASH.total_seconds() - 60)
    sweep.sweep(0)
    world.cluster.work()
    assert default_storage.exists(in_trash.name)
    world.wait(60)
    sweep.sweep(0)
    world.cluster.work()
    assert list(store.names()) == []
    kept = File.objects.get(pk=in_trash.pk)
    assert (kept.state, kept.name, kept.sha256) == (FileState.DELETED, "", in_trash.sha256)
    assert Task.objects.get().purged_at == clock.now()
    assert set(File.objects.values_list("state", flat=True)) == {FileState.DELETED}
    world.check_books(spent=35)
    sweep.sweep(0)
    assert ("purge", 0) not in world.cluster.jobs


def test_a_deletion_that_was_interrupted_is_due_again(
    world: World, in_trash: File, monkeypatch: pytest.MonkeyPatch
) -> None:
    delete = store.delete
    gone: list[str] = []

    def die_at_the_second(name: str) -> None:
        if gone:
            raise KeyboardInterrupt
        gone.append(name)
        delete(name)

    trash.empty(world.membership.team, world.membership.user)
    with monkeypatch.context() as patch:
        patch.setattr(store, "delete", die_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            trash.purge(0)
    assert Task.objects.get().purged_at is None
    with pytest.raises(trash.NotNow):
        trash.restore(in_trash.task, world.membership.user)
    trash.purge(0)
    assert list(store.names()) == []


def test_while_all_files_are_read_none_is_deleted(world: World, in_trash: File) -> None:
    trash.empty(world.membership.team, world.membership.user)
    Lease.acquire(trash.LEASE, "backup", 60)
    world.cluster.work()
    assert default_storage.exists(in_trash.name)
    Lease.release(trash.LEASE, "backup")
    sweep.sweep(0)
    world.cluster.work()
    assert not default_storage.exists(in_trash.name)


def test_what_is_still_to_be_fetched_is_fetched_in_the_trash_too(world: World) -> None:
    file = ready(world)
    trash.move_to_trash(file.task, world.membership.user)
    trash.empty(world.membership.team, world.membership.user)
    trash.purge(0)
    assert Task.objects.get().purged_at is None
    sweep.sweep(0)
    world.finish()
    assert File.objects.get().state == FileState.STORED


def film_of(world: World) -> tuple[Task, Task]:
    """An ended film and the task of one take of it."""
    (root,), (part,) = world.order("A film"), world.order("A take")
    Task.objects.filter(pk=root.pk).update(kind=FILM, state=TaskState.SUCCEEDED)
    Task.objects.filter(pk=part.pk).update(kind="shot_take", state=TaskState.SUCCEEDED)
    film = Film.objects.create(team=root.team, task=root)
    segment = Segment.objects.create(film=film, kind="shot")
    Take.objects.create(film=film, segment=segment, ordinal=1, task=part)
    root.refresh_from_db()
    part.refresh_from_db()
    return root, part


def test_a_film_goes_into_the_trash_and_back_as_a_whole(world: World) -> None:
    root, part = film_of(world)
    person = world.membership.user
    with pytest.raises(trash.NotNow):
        trash.move_to_trash(part, person)
    trash.move_to_trash(root, person)
    assert Task.objects.in_trash().count() == 2
    trash.restore(root, person)
    assert Task.objects.outside_trash().count() == 2
    Task.objects.filter(pk=part.pk).update(state=TaskState.RUNNING)
    with pytest.raises(trash.NotNow):
        trash.move_to_trash(root, person)
    assert not Task.objects.in_trash().exists()


# ---- Quota ----------------------------------------------------------------------------------


def test_at_its_quota_a_team_orders_nothing_and_what_was_ordered_is_fetched(world: World) -> None:
    world.order("A lighthouse", count=2)
    Team.objects.update(quota=1)
    world.finish()
    assert set(File.objects.values_list("state", flat=True)) == {FileState.STORED}
    world.membership.team.refresh_from_db()
    with pytest.raises(ordering.Stopped) as refusal:
        world.order()
    assert refusal.value.code == ordering_stops.QUOTA
    trash.move_to_trash(Task.objects.all()[0], world.membership.user)
    with pytest.raises(ordering.Stopped):
        world.order()
    for task in Task.objects.filter(trashed_at=None):
        trash.move_to_trash(task, world.membership.user)
    trash.empty(world.membership.team, world.membership.user)
    world.cluster.work()
    assert world.order()


# ---- A full disk ----------------------------------------------------------------------------


def full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def half_then_full(url: str, body: Path, *_: object, **__: object) -> None:
    body.write_bytes(b"half of it")
    full()


@pytest.fixture
def no_room() -> Iterator[Callable[[str], pytest.MonkeyPatch]]:
    patch = pytest.MonkeyPatch()

    def fill(where: str) -> pytest.MonkeyPatch:
        if where == "download":
            patch.setattr(fetch, "download", half_then_full)
        elif where == "keep":
            patch.setattr(store, "move_in", full)
        else:
            patch.setattr(Path, "mkdir", full)
        return patch

    yield fill
    patch.undo()


@pytest.mark.parametrize("where", ["download", "keep", "folder"])
def test_with_the_disk_full_a_file_waits_and_goes_on_by_itself_when_there_is_room(
    world: World, no_room: Callable[[str], pytest.MonkeyPatch], where: str
) -> None:
    file = ready(world)
    patch = no_room(where)
    for _ in range(24):
        fetch.fetch(file.pk)
        world.frozen_clock.advance(60)
    file.refresh_from_db()
    assert (file.state, file.last_error) == (FileState.FETCHING, fetch.NO_ROOM)
    assert file.tries == 0
    patch.undo()
    assert is_nothing_half(file)
    world.finish()
    file.refresh_from_db()
    assert (file.state, file.last_error) == (FileState.STORED, "")


def test_the_last_of_the_disk_is_left_to_the_database(world: World, settings: Settings) -> None:
    file = ready(world)
    settings.MIN_FREE_MB = 10**9
    asked = len(world.sandbox.requests)
    fetch.fetch(file.pk)
    file.refresh_from_db()
    assert (file.state, file.last_error) == (FileState.FETCHING, fetch.NO_ROOM)
    assert len(world.sandbox.requests) == asked, "nothing is even begun"
    settings.MIN_FREE_MB = 0
    world.finish()
    file.refresh_from_db()
    assert file.state == FileState.STORED


def test_what_cannot_be_looked_into_for_want_of_room_is_not_kept_as_unreadable(
    world: World, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_pictures(body: Path, *_: object, **__: object) -> Facts:
        settings.MIN_FREE_MB = 10**9
        size = body.stat().st_size
        return Facts(None, container="", codec="", bytes=size, problem=MediaProblem.CRASHED)

    file = ready(world)
    with monkeypatch.context() as patch:
        patch.setattr(fetch, "inspect", no_pictures)
        for _ in range(12):
            settings.MIN_FREE_MB = 0
            fetch.fetch(file.pk)
            world.frozen_clock.advance(60)
    settings.MIN_FREE_MB = 0
    world.finish()
    file.refresh_from_db()
    assert (file.state, file.codec) == (FileState.STORED, "h264")


def test_a_page_tells_that_a_file_waits_for_room(world: World, settings: Settings) -> None:
    file = ready(world)
    version = Task.objects.get().version
    settings.MIN_FREE_MB = 10**9
    fetch.fetch(file.pk)
    assert Task.objects.get().version > version
    assert Task.objects.get().state == TaskState.SUCCEEDED
    assert File.objects.get().not_before == clock.now() + timedelta(minutes=1)
