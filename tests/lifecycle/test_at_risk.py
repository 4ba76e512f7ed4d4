"""How long a link lives is learned, what would be lost first is fetched first, and told in time."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from generations.lifecycle import actions, fetch, sweep
from generations.models import AuditEvent, File
from generations.models.files import FileState
from generations.teams import credentials

from .conftest import World
from .test_fetch import check_stored, fetch_through, ready


def life(file: File) -> int:
    file.refresh_from_db()
    assert file.expires_at
    return round((file.expires_at - file.seen_at).total_seconds())


def die_early(world: World, seconds: float, *, clips: int = 1) -> list[File]:
    """Links that are believed to live an hour are all dead after so many seconds."""
    files = [ready(world) for _ in range(clips)]
    world.frozen_clock.advance(seconds)
    world.sandbox.advance(seconds)
    world.sandbox.expire_links()
    for file in files:
        fetch_one(world, file)
    return files


def fetch_one(world: World, file: File) -> None:
    """Try to fetch this file alone, once."""
    later = world.frozen_clock.at + timedelta(days=1)
    File.objects.unfetched().update(not_before=later)
    File.objects.filter(pk=file.pk).update(not_before=None)
    fetch.fetch(file.pk)
    File.objects.unfetched().update(not_before=later)
    file.refresh_from_db()


def learned(world: World) -> int | None:
    world.credential.refresh_from_db()
    return world.credential.link_life


def test_links_of_three_clips_that_died_early_shorten_the_life_of_all_others_of_their_key(
    world: World,
) -> None:
    waits = ready(world)
    assert life(waits) == 3600
    die_early(world, 600, clips=3)
    seconds = learned(world)
    assert seconds is not None
    assert 600 <= seconds < 700
    assert all(abs(each - seconds) <= 1 for each in (life(waits), life(ready(world))))


def test_one_dead_link_or_two_teach_nothing(world: World) -> None:
    die_early(world, 600)
    die_early(world, 600)
    assert learned(world) is None
    assert life(ready(world)) == 3600


def test_a_store_that_refuses_all_links_for_a_while_is_one_witness(world: World) -> None:
    """It says 403, and not why: its key may be wrong for some minutes."""

    def refused(seconds: int) -> None:
        files = [ready(world, "[media 403 always]") for _ in range(3)]
        world.frozen_clock.advance(seconds)
        for file in files:
            fetch_one(world, file)
            assert file.missing_since

    refused(60)
    refused(700)
    assert learned(world) is None
    refused(700)
    assert learned(world) is not None, "three times, ten minutes apart"


def test_what_a_store_calls_missing_and_not_expired_teaches_nothing(world: World) -> None:
    """Its answer is NoSuchKey, not that the link has expired."""
    files = [ready(world, "[expired 404]") for _ in range(3)]
    world.frozen_clock.advance(600)
    world.sandbox.advance(600)
    world.sandbox.expire_links()
    for file in files:
        fetch_one(world, file)
        assert file.missing_since
    assert learned(world) is None


def test_links_that_died_young_teach_nothing_where_an_older_one_has_worked_since(
    world: World,
) -> None:
    die_early(world, 300, clips=2)
    file = ready(world)
    world.frozen_clock.advance(900)
    world.sandbox.advance(900)
    fetch_one(world, file)
    assert file.worked_for
    assert file.worked_for >= 900
    die_early(world, 300)
    assert learned(world) is None


def test_many_links_cost_two_questions_to_the_database(world: World) -> None:
    die_early(world, 300, clips=2)
    with CaptureQueriesContext(connection) as asked:
        credentials.shorten_link_life(world.credential)
    assert len(asked) == 2


def test_what_was_learned_puts_the_most_urgent_first(world: World) -> None:
    early, later = ready(world), ready(world)
    now = world.frozen_clock.at
    File.objects.filter(pk=early.pk).update(seen_at=now - timedelta(seconds=400))
    File.objects.filter(pk=later.pk).update(expires_at=now + timedelta(seconds=900))
    dead = die_early(world, 500, clips=3)
    File.objects.filter(pk__in=[file.pk for file in dead]).update(state=FileState.STORED)
    order = list(File.objects.unfetched().most_urgent_first().values_list("pk", flat=True))
    assert order == [early.pk, later.pk]


def test_a_link_that_is_dead_at_once_is_a_hiccup_and_teaches_nothing(world: World) -> None:
    file = ready(world, "[media 404]")
    fetch.fetch(file.pk)
    world.credential.refresh_from_db()
    assert world.credential.link_life is None


@pytest.mark.parametrize(("age", "believed"), [(900, 900), (9000, 3600)])
def test_a_link_that_lived_longer_is_believed_but_never_beyond_the_contract(
    world: World, age: int, believed: int
) -> None:
    die_early(world, 600, clips=3)
    file = ready(world)
    File.objects.filter(pk=file.pk).update(
        seen_at=world.frozen_clock.at - timedelta(seconds=age),
        expires_at=world.frozen_clock.at + timedelta(minutes=1),
    )
    check_stored(fetch_through(world, file))
    assert -1 < life(ready(world)) - believed < 60


def notices() -> list[int]:
    events = AuditEvent.objects.filter(verb="files.at_risk").order_by("pk")
    return [event.detail["files"] for event in events]


def test_at_half_of_a_links_life_a_team_is_told_once_of_all_its_files(world: World) -> None:
    first, second = ready(world), ready(world)
    world.frozen_clock.advance(1000)
    sweep.sweep(0)
    assert notices() == []
    world.frozen_clock.advance(900)
    for _ in range(2):
        sweep.sweep(0)
    assert notices() == [2]
    ends = [file.expires_at for file in File.objects.filter(pk__in=[first.pk, second.pk])]
    said = AuditEvent.objects.get(verb="files.at_risk").detail["first"]
    assert said == min(end for end in ends if end).isoformat()


def test_what_is_stored_in_time_is_never_told(world: World) -> None:
    file = fetch_through(world, ready(world))
    world.frozen_clock.advance(3000)
    sweep.sweep(0)
    assert (file.state, notices()) == (FileState.STORED, [])


def test_a_person_need_not_wait_for_the_next_try(world: World) -> None:
    file = ready(world, "[media 500]")
    fetch.fetch(file.pk)
    file.refresh_from_db()
    File.objects.filter(pk=file.pk).update(not_before=world.frozen_clock.at + timedelta(hours=1))
    actions.fetch_now(file)
    world.cluster.work()
    file.refresh_from_db()
    check_stored(file)
    with pytest.raises(actions.TooLate):
        actions.fetch_now(file)
