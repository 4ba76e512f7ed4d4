"""What was called lost is asked for again, as long as its provider may still have it."""

import pytest

from generations import clock
from generations.lifecycle import sweep, trash
from generations.models import Credential, Event, File, Task
from generations.models.events import EventKind
from generations.models.files import FileState

from .conftest import World
from .test_fetch import check_stored, fetch_through, ready

DAY = 24 * 3600


@pytest.fixture
def lost(world: World) -> File:
    """A file whose store had nothing for longer than a link lives; its task stays a success."""
    file = fetch_through(world, ready(world, "[media 404 always]"))
    assert file.state == FileState.LOST
    return file


def pass_by(world: World, seconds: float) -> None:
    """Let time pass on both sides, and the sweep look once."""
    world.frozen_clock.advance(seconds)
    world.sandbox.advance(seconds)
    sweep.sweep(0)
    world.cluster.work()


def questions_in(world: World, seconds: float) -> int:
    before = world.questions
    pass_by(world, seconds)
    return world.questions - before


def heal(world: World, file: File) -> None:
    world.sandbox.tasks[world.attempt(file.task).remote_id].phrases = ()


def found() -> int:
    return Event.objects.filter(kind=EventKind.FILE_FOUND).count()


def test_a_lost_file_is_found_again_by_the_sweep_and_people_hear_of_it(
    world: World, lost: File
) -> None:
    heal(world, lost)
    version = Task.objects.get(pk=lost.task_id).version
    pass_by(world, 9 * 60)
    lost.refresh_from_db()
    assert lost.state == FileState.LOST, "not before its time"
    pass_by(world, 61)
    world.finish()
    lost.refresh_from_db()
    check_stored(lost)
    assert found() == 1
    assert Task.objects.get(pk=lost.task_id).version > version


@pytest.fixture
def one_link(world: World, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The provider has one link for each file, which names no end; its store refuses it."""
    monkeypatch.setattr(world.sandbox.context.links, "sign", lambda path, seconds: f"{path}?n=1")
    monkeypatch.setattr(world.sandbox.context.links, "is_valid", lambda path, query: False)
    return monkeypatch


def test_a_link_that_is_told_again_is_no_younger_for_it(
    world: World, one_link: pytest.MonkeyPatch
) -> None:
    file = ready(world)
    seen_at, url = file.seen_at, file.url
    fetch_through(world, file)
    assert (file.state, file.url, file.seen_at) == (FileState.LOST, url, seen_at)


def test_a_provider_is_asked_after_ten_minutes_an_hour_and_then_daily_and_quietly(
    world: World, one_link: pytest.MonkeyPatch
) -> None:
    """It repeats one link, which leads to nothing: the file stays lost, and nobody is told."""
    file = fetch_through(world, ready(world))
    told = Event.objects.count()
    assert [questions_in(world, seconds) for seconds in (600, 3600, DAY, DAY)] == [1, 1, 1, 1]
    assert questions_in(world, DAY / 2) == 0
    file.refresh_from_db()
    assert (file.state, Event.objects.count()) == (FileState.LOST, told)
    pass_by(world, 15 * DAY)
    assert questions_in(world, 2 * DAY) == 0, "no provider keeps it longer"


def test_the_same_link_that_works_again_brings_the_file(
    world: World, one_link: pytest.MonkeyPatch
) -> None:
    file = fetch_through(world, ready(world))
    one_link.setattr(world.sandbox.context.links, "is_valid", lambda path, query: True)
    pass_by(world, 601)
    world.finish()
    file.refresh_from_db()
    check_stored(file)
    assert found() == 1


def test_a_page_in_the_place_of_a_lost_file_is_not_the_file(
    world: World, one_link: pytest.MonkeyPatch
) -> None:
    file = fetch_through(world, ready(world))
    one_link.setattr(world.sandbox.context.links, "is_valid", lambda path, query: True)
    world.sandbox.tasks[world.attempt(file.task).remote_id].phrases = ("html as mp4",)
    pass_by(world, 601)
    file.refresh_from_db()
    assert (file.state, found()) == (FileState.LOST, 0)


def test_nobody_asks_for_what_is_in_the_trash_or_whose_key_is_gone(
    world: World, lost: File
) -> None:
    trash.move_to_trash(lost.task, world.membership.user)
    assert questions_in(world, DAY) == 0
    trash.restore(lost.task, world.membership.user)
    Credential.objects.update(removed_at=clock.now())
    assert questions_in(world, DAY) == 0


def test_a_provider_that_cannot_be_asked_is_asked_again_soon(world: World, lost: File) -> None:
    world.sandbox.set_fault(world.key, "[drop before]", on="query", times=1)
    pass_by(world, 601)
    lost.refresh_from_db()
    assert lost.state == FileState.LOST
    heal(world, lost)
    pass_by(world, 301)
    world.finish()
    lost.refresh_from_db()
    check_stored(lost)
