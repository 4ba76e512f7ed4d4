"""A drill: a site with tasks in every state is backed up, goes on, and is restored elsewhere."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings as project
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from pytest_django import Settings

from generations import clock
from generations.billing import ledger
from generations.lifecycle import actions, send, stops, sweep, transitions, trash, verify
from generations.lifecycle import order as ordering
from generations.models import (
    Account,
    Attempt,
    Credential,
    File,
    Heartbeat,
    Installation,
    Lease,
    Task,
)
from generations.models.files import FileState
from generations.models.tasks import AttemptState, TaskState
from generations.operations.backup import databases
from generations.operations.startup import prepare
from generations.providers.contract import Receipt
from generations.storage import store
from generations.teams import installation, ordering_stops
from project.env import new_credential_key
from tests.cases import case
from tests.factories import make_upload
from tests.lifecycle.conftest import World, snapshot


def run(*words: str) -> str:
    output = StringIO()
    call_command(*words, stdout=output, stderr=output)
    return output.getvalue()


class Died(BaseException):
    """A worker was killed."""


def dies(attempt: Attempt, receipt: Receipt) -> bool:
    raise Died


@contextmanager
def elsewhere(settings: Settings, folder: Path) -> Iterator[None]:
    """Another DATA_DIR and another, empty database."""
    here = connection.settings_dict["NAME"]
    places = (settings.DATA_DIR, settings.MEDIA_ROOT, settings.PARTIAL_DIR)
    folder.mkdir()
    on_postgresql = connection.vendor == "postgresql"
    there = f"drill_{uuid4().hex[:8]}" if on_postgresql else str(folder / "rushes.sqlite3")
    if on_postgresql:
        _ask_the_server(f"CREATE DATABASE {there}")
    connection.close()
    connection.settings_dict["NAME"] = there
    settings.DATA_DIR, settings.PARTIAL_DIR = folder, folder / "partial"
    settings.MEDIA_ROOT = folder / "media"
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = here
        settings.DATA_DIR, settings.MEDIA_ROOT, settings.PARTIAL_DIR = places
        if on_postgresql:
            _ask_the_server(f"DROP DATABASE {there} WITH (FORCE)")


def _ask_the_server(statement: str) -> None:
    with connection._nodb_cursor() as cursor:
        cursor.execute(statement)


def every_state(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A task in each state that a task can be in, and a file in each that a file can be in."""
    world.order("A lighthouse")
    world.order("[fail CreationPolicyViolation] A storm")
    (gone,) = world.order("Another lighthouse")
    world.finish()
    File.objects.filter(task=gone, role="video").update(state=FileState.LOST, last_error="404")
    (trashed,) = world.order("A third lighthouse")
    (cancelled,) = world.order("Never mind")
    actions.cancel(cancelled, world.membership.user)
    world.finish()
    trash.move_to_trash(Task.objects.get(pk=trashed.pk), world.membership.user)
    world.order("[500 before] A cliff")  # unclear, and never found
    world.order("On its way")
    world.cluster.work()
    world.cluster.lose()
    steps: dict[str, list[Callable[[Attempt], object]]] = {
        "Claimed": [],
        "Marked": [transitions.mark_sent],
        "Left": [send._hand_over],
    }
    for prompt, until in steps.items():
        (task,) = world.order(prompt)
        attempt = transitions.claim(task.pk)
        assert attempt
        with monkeypatch.context() as patch:
            patch.setattr(transitions, "mark_accepted", dies)
            for act in until:
                with_death(act, attempt)
    world.order("Waits", count=2)
    world.cluster.lose()
    states = set(Task.objects.values_list("state", flat=True))
    assert states == set(TaskState) - {TaskState.RUNNING}


def with_death(act: Callable[[Attempt], object], attempt: Attempt) -> None:
    try:
        act(attempt)
    except Died:
        return


def go_on(world: World, minutes: int = 6) -> None:
    for _ in range(minutes):
        world.wait(60)
        sweep.sweep(0)
        world.cluster.work()


def prompts(state: TaskState) -> set[str]:
    return set(Task.objects.filter(state=state).values_list("prompt", flat=True))


def test_the_drill(
    world: World, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation.ensure_identity()
    make_upload(team=world.membership.team)
    every_state(world, monkeypatch)
    before, tasks = snapshot(), Task.objects.count()
    said = run("backup", str(tmp_path / "backup"))
    assert "is whole" in said
    assert "The sealing keys are not in it" in said
    go_on(world)
    posted = world.posts
    assert set(posted.values()) == {1}
    assert prompts(TaskState.WAITING) == set()

    with elsewhere(settings, tmp_path / "elsewhere"):
        assert "Ordering is off" in run("restore", str(tmp_path / "backup"))
        assert snapshot() == before
        assert not list(verify.faults())
        assert list(verify.unknown()) == []
        assert not installation.is_at_home()
        with pytest.raises(ordering.Stopped) as refusal:
            world.order()
        assert refusal.value.code == ordering_stops.COPIED
        go_on(world, 3)
        assert world.posts == posted, "nothing leaves before it is released"

        assert (
            stops.allow(None) == 3
        )  # two that waited, and one whose sender died before it marked it
        go_on(world)
        assert world.posts == posted, "nothing is sent twice"
        assert Task.objects.count() == tasks
        assert prompts(TaskState.UNCLEAR) == {"[500 before] A cliff", "Marked"}
        assert {"On its way", "Left", "Claimed", "Waits"} <= prompts(TaskState.SUCCEEDED)
        assert not list(ledger.verify())
        world.order("After it")
        go_on(world, 2)
        assert "After it" in prompts(TaskState.SUCCEEDED)
        assert set(world.posts.values()) == {1}
    assert installation.is_at_home(), "the first site goes on"


# ---- What is not whole ----------------------------------------------------------------------


@pytest.fixture
def backed_up(world: World, tmp_path: Path) -> Path:
    """A whole backup of a site with one clip."""
    installation.ensure_identity()
    world.order()
    world.finish()
    folder = tmp_path / "backup"
    run("backup", str(folder))
    return folder


type Check = Callable[[Path, Settings, Path], None]
CHECKS: list[Check] = []


def of_a_backup(check: Check) -> Check:
    """A check of a backup that may change it, and restores it elsewhere at most."""
    CHECKS.append(check)
    return check


def refused(folder: Path, *words: str) -> str:
    with pytest.raises(CommandError) as error:
        run("restore", str(folder), *words)
    return str(error.value)


@of_a_backup
def a_backup_without_its_mark_is_never_restored(
    backed_up: Path, settings: Settings, tmp_path: Path
) -> None:
    (backed_up / "COMPLETE").unlink()
    with elsewhere(settings, tmp_path / "elsewhere"):
        assert "holds no whole backup" in refused(backed_up)
        assert not list((tmp_path / "elsewhere").iterdir())


@of_a_backup
def a_changed_manifest_or_file_is_found_out_before_anything_is_touched(
    backed_up: Path, settings: Settings, tmp_path: Path
) -> None:
    clip = next((backed_up / "media").rglob("*.mp4"))
    clip.unlink()
    clip.write_bytes(b"another")
    with elsewhere(settings, tmp_path / "elsewhere"):
        assert "is not what it was" in refused(backed_up)
        clip.unlink()
        assert "is missing" in refused(backed_up)
        with (backed_up / "manifest.jsonl").open("a") as file:
            file.write("{}\n")
        assert "was changed" in refused(backed_up)
        assert databases.is_empty()
        assert not list((tmp_path / "elsewhere").iterdir())


def test_a_backup_that_dies_half_way_leaves_no_mark(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def power_cut(descriptor: int) -> None:
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", power_cut)
        with pytest.raises(Died):
            run("backup", str(tmp_path / "backup"))
    assert list((tmp_path / "backup").iterdir())
    assert not (tmp_path / "backup" / "COMPLETE").exists()
    with pytest.raises(CommandError, match="is not empty"):
        run("backup", str(tmp_path / "backup"))
    assert Lease.is_free(trash.LEASE, clock.now())


def test_a_missing_or_damaged_file_is_reported_and_no_backup_is_called_good(
    world: World, tmp_path: Path
) -> None:
    world.order()
    world.finish()
    path = Path(default_storage.path(File.objects.get(role="video").name))
    for what in ("damaged", "missing"):
        with case(what):
            folder = tmp_path / what
            path.unlink() if what == "missing" else path.write_bytes(b"rotten")
            with pytest.raises(CommandError, match="is not whole"):
                run("backup", str(folder))
            assert not (folder / "COMPLETE").exists()
            shutil.rmtree(folder)
            assert f"is {what}" in run("backup", str(folder), "--with-faults")
            header = json.loads((folder / "manifest.jsonl").read_text().splitlines()[0])
            assert len(header["faults"]) == 1


def test_books_that_do_not_hold_make_no_backup(world: World, tmp_path: Path) -> None:
    Account.objects.filter(name="spent").update(balance=7)
    with pytest.raises(CommandError, match="is not whole"):
        run("backup", str(tmp_path / "backup"), "--with-faults")
    assert not (tmp_path / "backup" / "COMPLETE").exists()


def test_a_backup_among_the_media_is_refused(world: World) -> None:
    with pytest.raises(CommandError, match="lies among the media"):
        run("backup", str(project.MEDIA_ROOT / "backup"))


# ---- Where it is restored -------------------------------------------------------------------


def test_a_site_that_is_there_is_only_replaced_by_force_and_when_it_is_stopped(
    backed_up: Path, world: World
) -> None:
    world.order("After the backup")
    assert "There is a site here already: its database, its media, its identity" in refused(
        backed_up
    )
    Heartbeat.record("cluster")
    assert "Rushes is running here" in refused(backed_up, "--force")
    assert Task.objects.count() == 2
    Heartbeat.objects.all().delete()
    run("restore", str(backed_up), "--force")
    assert Task.objects.count() == 1
    assert not installation.is_at_home()
    assert not list(verify.faults())


def test_a_restore_that_died_lets_nothing_start_and_can_be_done_again(
    backed_up: Path, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies_here(source: Path) -> None:
        raise Died

    with elsewhere(settings, tmp_path / "elsewhere"):
        with monkeypatch.context() as patch:
            patch.setattr(databases, "put", dies_here)
            with pytest.raises(Died):
                run("restore", str(backed_up))
        with pytest.raises(CommandError, match="A restore did not end here"):
            prepare()
        run("restore", str(backed_up), "--force")
        assert Task.objects.count() == 1
        assert not installation.is_being_restored()


@of_a_backup
def a_backup_of_the_other_engine_or_of_a_newer_rushes_is_refused(
    backed_up: Path, settings: Settings, tmp_path: Path
) -> None:
    manifest, mark = backed_up / "manifest.jsonl", backed_up / "COMPLETE"
    first, *rest = manifest.read_text().splitlines()
    for change, words in (
        ({"engine": "oracle"}, "It is of oracle"),
        ({"migrations": ["generations.9999_tomorrow"]}, "newer Rushes"),
        ({"format": 2}, "another format"),
    ):
        header = json.dumps(json.loads(first) | change)
        manifest.write_text("\n".join([header, *rest, ""]))
        mark.write_text(hashlib.sha256(manifest.read_bytes()).hexdigest())
        with elsewhere(settings, tmp_path / f"elsewhere-{next(iter(change))}"):
            assert words in refused(backed_up)


# ---- Keys -----------------------------------------------------------------------------------


@of_a_backup
def without_its_sealing_keys_a_restored_site_says_what_is_missing(
    backed_up: Path, settings: Settings, tmp_path: Path
) -> None:
    text = b"".join(path.read_bytes() for path in backed_up.rglob("*") if path.is_file())
    assert project.CREDENTIAL_KEYS[0].encode() not in text
    assert project.SECRET_KEY.encode() not in text
    with elsewhere(settings, tmp_path / "elsewhere"):
        settings.CREDENTIAL_KEYS = [new_credential_key()]
        assert "1 keys of providers do not open" in run("restore", str(backed_up))


def test_with_its_keys_a_backup_opens_everything_and_says_so(
    world: World, settings: Settings, tmp_path: Path
) -> None:
    said = run("backup", str(tmp_path / "backup"), "--with-keys")
    assert "whoever reads it can use every provider's key" in said
    assert (tmp_path / "backup" / "keys").stat().st_mode & 0o77 == 0
    key = world.key
    with elsewhere(settings, tmp_path / "elsewhere"):
        other = new_credential_key()
        settings.CREDENTIAL_KEYS = [other]
        assert "do not open" not in run("restore", str(tmp_path / "backup"))
        assert Credential.objects.get().open_key().reveal() == key
        path = tmp_path / "elsewhere" / "keys" / "credential_keys"
        assert path.read_text().split()[-1] == other, "no key that was here is lost"
        assert path.stat().st_mode & 0o77 == 0


# ---- How it is made -------------------------------------------------------------------------


def test_media_are_linked_where_the_disk_can_and_copied_once_where_it_cannot(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.order()
    world.finish()
    name = File.objects.get(role="video").name
    inode = os.stat(default_storage.path(name)).st_ino
    run("backup", str(tmp_path / "linked"))
    assert os.stat(tmp_path / "linked" / "media" / name).st_ino == inode

    link = os.link
    folder = str(tmp_path / "copied")

    def only_inside(source: object, target: object) -> None:
        if not str(source).startswith(folder):
            raise OSError(18, "Invalid cross-device link")
        link(str(source), str(target))

    store.copy_in(Path(default_storage.path(name)), "twin.mp4")
    monkeypatch.setattr(os, "link", only_inside)
    run("backup", folder)
    twins = [os.stat(Path(folder) / "media" / each) for each in (name, "twin.mp4")]
    assert twins[0].st_ino == twins[1].st_ino != inode


def test_what_was_ordered_while_the_copy_was_made_is_whole_or_not_in_it(
    world: World, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the copy of the database and the media a clip is ordered, made and stored."""
    installation.ensure_identity()
    world.order("Before")
    world.finish()
    moving = File.objects.filter(role="cover")  # its worker has written down what it will be
    moving.update(state=FileState.FETCHING, lease_until=clock.now())
    names = {name for row in File.objects.values_list("name", "poster", "preview") for name in row}
    copy = databases.copy

    def then_another_clip(target: Path, look: Callable[[], object]) -> object:
        seen = copy(target, look)
        world.order("Meanwhile")
        world.finish()
        return seen

    with monkeypatch.context() as patch:
        patch.setattr(databases, "copy", then_another_clip)
        run("backup", str(tmp_path / "backup"))
    with elsewhere(settings, tmp_path / "elsewhere"):
        assert "4 files stay in the backup" in run("restore", str(tmp_path / "backup"))
        assert [task.prompt for task in Task.objects.all()] == ["Before"]
        assert not list(verify.faults())
        assert set(store.names()) == names - {""}, "what came meanwhile would stay for ever"
        assert not list(ledger.verify())


def test_the_trash_deletes_nothing_while_a_backup_reads(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.order()
    world.finish()
    trash.move_to_trash(Task.objects.get(), world.membership.user)
    trash.empty(world.membership.team, world.membership.user)
    copy = databases.copy

    def then_the_trash_is_emptied(target: Path, look: Callable[[], object]) -> object:
        seen = copy(target, look)
        trash.purge(0)
        return seen

    with monkeypatch.context() as patch:
        patch.setattr(databases, "copy", then_the_trash_is_emptied)
        assert "is whole" in run("backup", str(tmp_path / "backup"))
    trash.purge(0)
    assert Task.objects.get().purged_at


def test_a_restored_task_that_was_sent_is_unclear_and_never_sent_again(
    world: World, settings: Settings, tmp_path: Path
) -> None:
    installation.ensure_identity()
    (task,) = world.order()
    world.cluster.lose()
    attempt = transitions.claim(task.pk)
    assert attempt
    assert transitions.mark_sent(attempt)
    run("backup", str(tmp_path / "backup"))
    with elsewhere(settings, tmp_path / "elsewhere"):
        run("restore", str(tmp_path / "backup"))
        stops.allow(None, nothing_was_sent=True)
        world.frozen_clock.advance(timedelta(hours=1).total_seconds())
        go_on(world, 3)
        assert Task.objects.get().state == TaskState.UNCLEAR
        assert Attempt.objects.get().state == AttemptState.UNCLEAR
        assert Installation.here().stopped_at is None
    assert not world.posts


@of_a_backup
def a_backup_is_one_database_file_beside_the_media(
    backed_up: Path, settings: Settings, tmp_path: Path
) -> None:
    names = {path.name for path in backed_up.iterdir()}
    assert names == {"COMPLETE", "manifest.jsonl", "media", databases.name()}


def test_each_check_of_a_backup(backed_up: Path, settings: Settings, tmp_path: Path) -> None:
    """One backup for all of them; each has a copy of its own."""
    keys = settings.CREDENTIAL_KEYS
    for check in CHECKS:
        with case(check.__name__):
            folder = tmp_path / check.__name__
            shutil.copytree(backed_up, folder / "backup")
            check(folder / "backup", settings, folder)
            settings.CREDENTIAL_KEYS = keys
