"""When a film's tree is read: once for whoever wants it, in the key's budget, until it is there."""

import random
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

from generations import clock, films
from generations.lifecycle import sweep, transitions
from generations.models import Credential, File, Film, Take
from generations.models.files import FileState
from tests.threads import at_once, in_thread

from .conftest import World
from .films import board_of, check_kept, ordered_film, read_film, reloaded


def questions(world: World) -> int:
    """How often a tree was asked for."""
    return sum("/ad-one-click/" in each.path for each in world.sandbox.requests)


def test_a_film_that_is_not_due_is_not_asked_for(world: World) -> None:
    film = read_film(world)
    asked = questions(world)
    films.sync_film(film.pk)
    assert questions(world) == asked


def test_two_readers_at_once_ask_once(world: World) -> None:
    film = read_film(world)
    asked = questions(world)
    Film.objects.filter(pk=film.pk).update(due_at=world.frozen_clock.at)
    at_once([partial(films.sync_film, film.pk)] * 2)
    assert questions(world) == asked + 1
    assert reloaded(film).lease_until is None


def test_a_reader_that_died_is_followed_by_another_once_its_lease_is_over(world: World) -> None:
    film = read_film(world)
    asked = questions(world)
    now = world.frozen_clock.at
    lease = now + timedelta(seconds=60)
    Film.objects.filter(pk=film.pk).update(due_at=now, lease_until=lease)
    world.wait(59)
    assert questions(world) == asked
    world.wait(2)
    assert questions(world) == asked + 1


def test_who_wants_the_tree_while_it_is_read_is_served_by_the_next_reading(world: World) -> None:
    film = read_film(world)
    asked = questions(world)
    Film.objects.filter(pk=film.pk).update(due_at=world.frozen_clock.at)
    # A task ends after the question left: as if by another process, in the middle of the reading.
    world.sandbox.set_fault(world.key, "[slow answer 1]", on="any", times=1)
    with ThreadPoolExecutor() as pool:
        reading = in_thread(pool, partial(films.sync_film, film.pk))
        world.frozen_clock.advance(0.5)
        while questions(world) == asked and not reading.done():
            time.sleep(0.01)
        transitions.schedule_tree(film.task)
    reading.result()
    world.cluster.work()
    assert questions(world) == asked + 2


def test_a_tree_is_read_within_the_keys_budget(world: World) -> None:
    film = read_film(world)
    asked = questions(world)
    Credential.objects.filter(pk=world.credential.pk).update(
        requests_per_minute=1, bucket_level=0, bucket_at=world.frozen_clock.at
    )
    films.sync_soon(film)
    world.cluster.work()
    assert questions(world) == asked
    for _ in range(70):
        world.wait()
    assert questions(world) == asked + 1


def test_a_bad_key_pauses_its_credential_and_the_film_stays_due(world: World) -> None:
    film = read_film(world)
    world.sandbox.set_fault(world.key, "[refuse Unauthorized]", on="any")
    films.sync_soon(film)
    world.cluster.work()
    world.credential.refresh_from_db()
    assert not world.credential.is_paused, "one refusal of a question proves nothing"
    world.wait(12)
    world.credential.refresh_from_db()
    assert world.credential.is_paused
    assert reloaded(film).due_at
    world.sandbox.set_fault(world.key, "")
    asked = questions(world)
    world.wait(10)
    assert questions(world) == asked + 1
    assert reloaded(film).due_at is None


def test_a_film_whose_jobs_are_all_lost_is_read_by_the_poller(world: World) -> None:
    film = ordered_film(world)
    world.cluster.lost |= {"fetch", "film"}
    world.end()
    world.cluster.lose()
    world.cluster.lost = {"fetch"}
    assert reloaded(film).read_at is None
    sweep.sweep(0)
    world.cluster.work()
    assert reloaded(film).read_at


def test_jobs_in_disorder_make_the_same_film(world: World) -> None:
    film = ordered_film(world)
    world.cluster.lost.add("fetch")
    dice = random.Random(7)
    for _ in range(40):
        world.frozen_clock.advance(3)
        world.sandbox.advance(3)
        sweep.sweep(0)
        world.cluster.work_in_disorder(dice)
    board = board_of(film)
    assert [len(shot.takes) for shot in board.shots] == [1, 1]
    assert len(board.cuts) == 1
    assert File.objects.filter(task=film.task, ordinal__gte=1000).count() == 5


def test_a_tree_that_is_refused_again_and_again_raises_an_alarm(world: World) -> None:
    film = ordered_film(world)
    world.cluster.lost |= {"fetch", "film"}
    world.end()
    world.sandbox.set_fault(world.key, "[refuse TaskNotFound]", on="any")
    world.cluster.lost = {"fetch"}
    for _ in range(4):
        world.wait(30)
    film = reloaded(film)
    assert film.alarm == "not_read TaskNotFound"
    assert film.read_at is None
    world.sandbox.set_fault(world.key, "")
    world.wait(600)
    assert reloaded(film).read_at


# ---- Files ----------------------------------------------------------------------------------


def test_links_that_died_are_renewed_by_reading_the_tree_again(world: World) -> None:
    film = read_film(world)
    world.sandbox.expire_links()
    world.cluster.lost.clear()
    sweep.sweep(0)
    world.finish()
    check_kept(board_of(film))
    details = [each for each in world.sandbox.requests if "ad-one-click/" in each.path]
    assert len(details) > 1


def let_links_die(world: World) -> None:
    """All links are dead, most of their life is over, and files are fetched from now on."""
    world.frozen_clock.advance(3300)
    world.sandbox.advance(3300)
    world.sandbox.expire_links()
    world.cluster.lost.clear()
    sweep.sweep(0)


def test_a_record_that_is_gone_before_its_file_was_kept_is_lost_and_said_so(world: World) -> None:
    film = read_film(world)
    take = board_of(film).shots[1].takes[0]
    Take.objects.filter(pk=take.pk).update(remote_id="404404")
    File.objects.filter(pk=take.file.pk if take.file else 0).update(remote_id="404404")
    let_links_die(world)
    lost = File.objects.filter(remote_id="404404", state=FileState.LOST)
    world.run(lost.exists, most=1200)
    gone = Take.objects.get(remote_id="404404")
    assert gone.missing_at
    assert gone.alarm == "removed"


def test_dead_links_of_a_film_whose_key_is_gone_are_lost_and_said_so(world: World) -> None:
    read_film(world)
    Credential.objects.update(removed_at=clock.now(), sealed_key="")
    let_links_die(world)
    world.run(lambda: not File.objects.unfetched().exists(), most=1200)
    assert {file.state for file in File.objects.all()} == {FileState.LOST}
    assert all("its key was removed" in file.last_error for file in File.objects.all())
