"""Every file is brought here whole before its link dies, or said to be lost."""

import fcntl
import hashlib
import shutil
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from pytest_django import Settings

from generations import clock
from generations.lifecycle import actions, fetch, transitions
from generations.models import Credential, File, Task
from generations.models.files import FileState
from generations.models.tasks import TaskState
from generations.storage import store
from tests.factories import wanted
from tests.threads import at_once

from .conftest import World, snapshot


def ready(world: World, words: str = "") -> File:
    """A finished task whose video is still only at the provider."""
    (task,) = world.order(f"[no cover] {words} A lighthouse")
    world.end()
    world.cluster.lose()
    task.refresh_from_db()
    assert task.state == TaskState.SUCCEEDED
    return File.objects.get(task=task, role="video")


def fetch_through(world: World, file: File, *, most: int = 40) -> File:
    """Try whenever it is due, until it is stored or lost."""
    for _ in range(most):
        fetch.fetch(file.pk)
        file.refresh_from_db()
        if file.state in {FileState.STORED, FileState.LOST}:
            break
        world.frozen_clock.advance(300)
        world.sandbox.advance(300)
    return file


def tries_within(world: World, file: File, *, seconds: float) -> File:
    """Try whenever it is due, for so long or until it is stored or lost."""
    ends = world.frozen_clock.at + timedelta(seconds=seconds)
    while world.frozen_clock.at < ends:
        fetch.fetch(file.pk)
        file.refresh_from_db()
        if file.state in {FileState.STORED, FileState.LOST}:
            break
        due = file.not_before or world.frozen_clock.at
        wait = max(0.1, (min(due, ends) - world.frozen_clock.at).total_seconds())
        world.frozen_clock.advance(wait)
        world.sandbox.advance(wait)
    return file


def check_stored(file: File) -> None:
    assert (file.state, file.last_error, file.lease_until) == (FileState.STORED, "", None)
    assert store.sha256(file.name) == file.sha256
    assert file.size == file.received == default_storage.size(file.name)
    assert not (settings.PARTIAL_DIR / str(file.pk)).exists()


def media_requests(world: World) -> list[str]:
    return [each.path for each in world.sandbox.requests if each.path.startswith("/media/")]


LIFE = timedelta(hours=1)  # of a link, by the provider's contract

FIRST_TROUBLES = ("media 403", "media 404", "media 500", "media drop", "truncated", "redirect")


@pytest.mark.parametrize("word", FIRST_TROUBLES)
def test_a_file_is_stored_whole_whatever_went_wrong_first(world: World, word: str) -> None:
    check_stored(fetch_through(world, ready(world, f"[{word}]")))


def test_a_link_that_died_is_asked_for_again(world: World) -> None:
    file = ready(world)
    world.sandbox.expire_links()
    old = file.url
    check_stored(fetch_through(world, file))
    assert file.url != old


def test_a_link_that_lives_a_minute_is_asked_for_anew_before_each_late_try(world: World) -> None:
    """After some failures the wait between two tries is longer than the life of a link."""
    file = ready(world, "[link 60] [media 503 always]")
    fetch_through(world, file, most=8)
    world.sandbox.tasks[world.attempt(file.task).remote_id].phrases = ("link 60",)
    asked = len(media_requests(world))
    world.frozen_clock.advance(300)
    world.sandbox.advance(300)
    fetch.fetch(file.pk)
    file.refresh_from_db()
    check_stored(file)
    assert len(media_requests(world)) == asked + 1, "the dead link was not tried"


@pytest.mark.parametrize(
    "word", ["media 404 always", "media 403 always", "html as mp4", "html body"]
)
def test_what_never_becomes_a_film_is_lost_when_the_life_of_its_links_is_over(
    world: World, word: str
) -> None:
    """Every question brings a new link, and each leads to nothing: time is the proof, not tries."""
    file = ready(world, f"[{word}]")
    version, began = Task.objects.get(pk=file.task_id).version, world.frozen_clock.at
    fetch_through(world, file)
    assert file.state == FileState.LOST
    assert file.last_error
    assert world.frozen_clock.at - began >= LIFE
    assert Task.objects.get(pk=file.task_id).version > version, "pages hear of it"
    assert not default_storage.exists(f"{file.team_id}/{file.task_id}/{file.pk}.mp4")
    before = snapshot()
    fetch.fetch(file.pk)
    assert snapshot() == before


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_link_that_leads_to_nothing_yet_is_asked_for_again_until_its_file_is_there(
    world: World, status: int
) -> None:
    """The provider says success while its store needs 45 s more; more than ten tries fail."""
    file = ready(world, f"[media {status} always]")
    tries_within(world, file, seconds=45)
    assert (file.state, file.tries > 5) == (FileState.FETCHING, True)
    assert str(status) in file.last_error
    world.sandbox.tasks[world.attempt(file.task).remote_id].phrases = ()
    began = world.frozen_clock.at
    check_stored(tries_within(world, file, seconds=120))
    assert world.frozen_clock.at - began < timedelta(seconds=60)
    assert file.missing_since is None


def test_a_task_that_is_not_found_for_a_while_loses_no_file(world: World) -> None:
    file = ready(world)
    world.sandbox.expire_links()
    world.sandbox.set_fault(world.key, "[refuse TaskNotFound]", on="query")
    tries_within(world, file, seconds=1800)
    assert (file.state, file.tries > 10) == (FileState.FETCHING, True)
    world.sandbox.set_fault(world.key, "")
    check_stored(tries_within(world, file, seconds=400))


def test_a_link_is_tried_once_more_shortly_before_its_end(world: World) -> None:
    """Its server fails; by then the wait between two tries is five minutes."""
    file = ready(world, "[media 503 always]")
    world.sandbox.set_fault(world.key, "[drop before]", on="query")
    ends = transitions.link_end(file)
    File.objects.filter(pk=file.pk).update(tries=20)
    world.frozen_clock.at = ends - timedelta(seconds=100)
    fetch.fetch(file.pk)
    file.refresh_from_db()
    assert file.not_before
    assert timedelta(0) < ends - file.not_before < timedelta(seconds=10)


def test_a_cluster_that_was_off_for_hours_has_proved_nothing(world: World) -> None:
    file = ready(world, "[media 404 always]")
    tries_within(world, file, seconds=60)
    world.frozen_clock.advance(10 * 3600)
    world.sandbox.advance(10 * 3600)
    tries_within(world, file, seconds=60)
    assert file.state == FileState.FETCHING
    world.sandbox.tasks[world.attempt(file.task).remote_id].phrases = ()
    check_stored(tries_within(world, file, seconds=120))


def forgotten(world: World) -> File:
    """A file whose link died and whose task the provider does not find any more."""
    file = ready(world)
    world.sandbox.expire_links()
    world.sandbox.set_fault(world.key, "[refuse TaskNotFound]", on="query")
    return fetch_through(world, file)


def test_a_file_is_lost_once_its_link_has_died_and_the_provider_has_forgotten_its_task(
    world: World,
) -> None:
    began = world.frozen_clock.at
    file = forgotten(world)
    assert file.state == FileState.LOST
    assert "TaskNotFound" in file.last_error
    assert world.frozen_clock.at - began >= LIFE


def test_a_lost_file_is_fetched_when_a_person_asks_again_and_the_provider_knows_it(
    world: World,
) -> None:
    file = forgotten(world)
    world.sandbox.set_fault(world.key, "")
    actions.fetch_again(file.task, world.membership.user)
    check_stored(fetch_through(world, file))
    with pytest.raises(actions.TooLate):
        actions.fetch_again(file.task, world.membership.user)


def test_a_file_whose_key_is_gone_comes_by_its_link_and_is_lost_when_that_has_died(
    world: World,
) -> None:
    kept, lost = ready(world), ready(world)
    Credential.objects.update(removed_at=clock.now(), sealed_key="")
    check_stored(fetch_through(world, kept))
    world.sandbox.expire_links()
    tries_within(world, lost, seconds=1800)
    assert lost.state == FileState.FETCHING, "its life is not over"
    fetch_through(world, lost)
    assert lost.state == FileState.LOST
    assert "its key was removed" in lost.last_error


def test_a_file_server_that_is_down_for_hours_loses_nothing(world: World) -> None:
    file = ready(world, "[media 503 always]")
    fetch_through(world, file, most=40)  # more than three hours, and three links that ran out
    assert file.state == FileState.FETCHING
    number = world.attempt(file.task).remote_id
    world.sandbox.tasks[number].phrases = ()
    check_stored(fetch_through(world, file))


def test_the_provider_of_a_server_that_goes_on_failing_is_asked_for_another_link(
    world: World,
) -> None:
    file = ready(world, "[media 503 always]")
    before, first = world.questions, file.url
    tries_within(world, file, seconds=20)
    assert (world.questions, file.url) == (before, first), "it may be over soon"
    tries_within(world, file, seconds=60)
    assert (world.questions > before, file.url != first) == (True, True)
    assert file.missing_since is None, "which proves nothing"


def test_a_cut_download_goes_on_where_it_stopped(world: World) -> None:
    file = ready(world, "[truncated]")
    fetch.fetch(file.pk)
    file.refresh_from_db()
    assert file.state == FileState.FETCHING
    half = (settings.PARTIAL_DIR / str(file.pk) / "body").stat().st_size
    world.frozen_clock.advance(60)
    fetch.fetch(file.pk)
    file.refresh_from_db()
    check_stored(file)
    last = [each for each in world.sandbox.requests if each.path.startswith("/media/")][-1]
    assert last.headers["range"] == f"bytes={half}-"


def test_a_file_is_fetched_by_one_worker_though_two_are_called(world: World) -> None:
    file = ready(world)
    at_once([partial(fetch.fetch, file.pk)] * 2)
    file.refresh_from_db()
    check_stored(file)
    assert len(media_requests(world)) == 1


def test_no_more_files_are_fetched_at_once_than_there_are_places(
    world: World, settings: Settings
) -> None:
    settings.WORKERS = 4
    world.order("[no cover] A lighthouse", count=5)
    world.end()
    at_once([fetch._claim] * 5)
    assert File.objects.filter(state=FileState.FETCHING).count() == 2


def test_a_worker_whose_lease_ran_out_keeps_the_folder_to_itself(world: World) -> None:
    file = ready(world)
    folder = settings.PARTIAL_DIR / str(file.pk)
    folder.mkdir(parents=True)
    with (folder / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        fetch.fetch(file.pk)
        assert not media_requests(world)
    world.frozen_clock.advance(61)
    fetch.fetch(file.pk)
    file.refresh_from_db()
    check_stored(file)


def test_a_worker_that_comes_late_leaves_a_stored_file_alone_and_no_folder(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = ready(world)
    claimed = fetch._claim()
    assert claimed
    world.frozen_clock.advance(61)
    fetch.fetch(file.pk)
    monkeypatch.setattr(fetch, "_claim", lambda: claimed)
    fetch.fetch(file.pk)
    check_stored(claimed)
    assert len(media_requests(world)) == 1


def test_a_worker_that_dies_when_all_is_done_but_its_folder_leaves_none(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody comes back to the folder of a stored file."""
    file = ready(world)

    def dies(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", dies)
        with pytest.raises(KeyboardInterrupt):
            fetch.fetch(file.pk)
    world.frozen_clock.advance(61)
    fetch.fetch(file.pk)
    file.refresh_from_db()
    check_stored(file)
    assert len(media_requests(world)) == 1


def crash_after_writing(file: File) -> tuple[str, bytes]:
    """The row as it stands where the worker died before, or just after, the last move."""
    place = f"{file.team_id}/{file.task_id}/{file.pk}.mp4"
    body = b"the bytes as they came"
    digest = hashlib.sha256(body).hexdigest()
    File.objects.filter(pk=file.pk).update(
        state=FileState.FETCHING,
        name=place,
        sha256=digest,
        size=len(body),
        lease_until=file.seen_at,
    )
    return place, body


def test_a_crash_after_the_move_needs_no_second_download(world: World) -> None:
    file = ready(world)
    place, body = crash_after_writing(file)
    target = settings.MEDIA_ROOT / place
    target.parent.mkdir(parents=True)
    target.write_bytes(body)
    fetch.fetch(file.pk)
    file.refresh_from_db()
    check_stored(file)
    assert not media_requests(world)


@pytest.mark.parametrize("left", [b"", b"the bytes as th"])
def test_a_crash_before_or_amid_the_move_fetches_again(world: World, left: bytes) -> None:
    file = ready(world)
    place, _ = crash_after_writing(file)
    if left:
        target = settings.MEDIA_ROOT / place
        target.parent.mkdir(parents=True)
        target.write_bytes(left)
    fetch.fetch(file.pk)
    file.refresh_from_db()
    check_stored(file)
    assert len(media_requests(world)) == 1


def test_bytes_of_a_dead_worker_that_no_validator_vouches_for_are_not_kept(world: World) -> None:
    file = ready(world)
    folder = settings.PARTIAL_DIR / str(file.pk)
    folder.mkdir(parents=True)
    (folder / "body").write_bytes(b"some bytes of a dead worker")
    fetch.fetch(file.pk)
    file.refresh_from_db()
    check_stored(file)


def test_the_file_whose_link_dies_first_is_fetched_first(world: World) -> None:
    relaxed, urgent = ready(world), ready(world)
    File.objects.filter(pk=urgent.pk).update(
        expires_at=world.frozen_clock.at + timedelta(minutes=1)
    )
    fetch.fetch(relaxed.pk)
    urgent.refresh_from_db()
    relaxed.refresh_from_db()
    assert (urgent.state, relaxed.state) == (FileState.STORED, FileState.REMOTE)


def test_after_a_long_sleep_the_files_are_fetched_in_the_order_of_the_time_that_is_left(
    world: World,
) -> None:
    files = [ready(world) for _ in range(4)]
    for file, minutes in zip(files, (58, 55, 59, 56), strict=True):
        dies = world.frozen_clock.at + timedelta(minutes=minutes)
        File.objects.filter(pk=file.pk).update(expires_at=dies)
    world.frozen_clock.advance(54 * 60)
    world.sandbox.advance(54 * 60)
    for file in files:
        fetch.fetch(file.pk)
    stored = File.objects.order_by("stored_at", "expires_at").values_list("pk", flat=True)
    assert list(stored) == [files[n].pk for n in (1, 3, 0, 2)]
    numbers = [world.attempt(files[n].task).remote_id for n in (1, 3, 0, 2)]
    assert [path.split("/")[2] for path in media_requests(world)] == numbers


def test_cover_and_marked_video_are_kept_beside_the_video(world: World) -> None:
    task = Task.objects.get(pk=world.order("A lighthouse")[0].pk)
    world.cluster.lose()
    Task.objects.filter(pk=task.pk).update(settings={**task.settings, "watermark": True})
    world.cluster.deliver("send", world.credential.pk)
    world.finish()
    files = {file.role: file for file in File.objects.filter(task=task)}
    assert set(files) == {"video", "cover", "watermarked"}
    for file in files.values():
        check_stored(file)
    assert files["video"].sha256 != files["watermarked"].sha256
    assert files["cover"].content_type == "image/jpeg"
    assert task.settings["duration"] == wanted().duration


def test_our_key_never_goes_to_a_result_address(world: World) -> None:
    fetch_through(world, ready(world))
    media = [each for each in world.sandbox.requests if each.path.startswith("/media/")]
    assert media
    assert not any("authorization" in each.headers for each in media)
    assert not any(world.key in str(dict(each.headers)) for each in media)


def memory(line: str) -> int:
    """A line of this process's status in MiB, e.g. ``VmRSS``."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition(f"{line}:")[2].split()[0]) // 1024


def test_a_huge_file_is_stored_without_being_held_in_memory(world: World) -> None:
    file = ready(world, "[huge 512]")
    Path("/proc/self/clear_refs").write_text("5")  # the high-water mark begins anew
    before = memory("VmRSS")
    check_stored(fetch_through(world, file))
    file.refresh_from_db()
    assert file.size is not None
    assert file.size > 500 * 1024**2
    assert memory("VmHWM") - before < 64


def test_a_link_dies_when_its_address_says_so_and_never_later_than_the_contract(
    world: World,
) -> None:
    (soon,) = world.order("[no cover] [link 60] A lighthouse")
    (later,) = world.order("[no cover] [link day] A lighthouse")
    world.end()
    lives = {
        file.task_id: round((file.expires_at - file.seen_at).total_seconds())
        for file in File.objects.all()
        if file.expires_at
    }
    assert lives == {soon.pk: 60, later.pk: 3600}
