"""How long a link lives is learned, what would be lost first is fetched first, and told in time."""

from datetime import timedelta

import pytest

from generations.lifecycle import actions, fetch, sweep
from generations.models import AuditEvent, File
from generations.models.files import FileState

from .conftest import World
from .test_fetch import check_stored, fetch_through, ready


def life(file: File) -> int:
    file.refresh_from_db()
    assert file.expires_at
    return round((file.expires_at - file.seen_at).total_seconds())


def die_early(world: World, seconds: float) -> File:
    """A link that is believed to live an hour is dead after so many seconds."""
    file = ready(world)
    world.frozen_clock.advance(seconds)
    world.sandbox.advance(seconds)
    world.sandbox.expire_links()
    fetch.fetch(file.pk)
    file.refresh_from_db()
    return file


def test_a_link_that_died_early_shortens_the_life_of_all_others_of_its_key(world: World) -> None:
    waits = ready(world)
    assert life(waits) == 3600
    file = die_early(world, 600)
    world.credential.refresh_from_db()
    learned = world.credential.link_life
    assert learned is not None
    assert 600 <= learned < 700
    lives = (life(file), life(waits), life(ready(world)))
    assert all(abs(each - learned) <= 1 for each in lives), "old links and fresh ones"


def test_what_was_learned_puts_the_most_urgent_first(world: World) -> None:
    early, later = ready(world), ready(world)
    File.objects.filter(pk=early.pk).update(seen_at=world.frozen_clock.at - timedelta(seconds=400))
    File.objects.filter(pk=later.pk).update(
        expires_at=world.frozen_clock.at + timedelta(seconds=900), not_before=None
    )
    file = die_early(world, 500)
    File.objects.filter(pk=file.pk).update(state=FileState.STORED)
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
    die_early(world, 600)
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
