"""One seed, one run: the same seed does the same to the last throw of the dice."""

import asyncio
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from django.db import transaction

from generations.models import Credential, File, Membership, Task
from generations.models.files import FileState
from generations.models.tasks import FINAL
from tests.factories import make_credential, make_member

from . import events, invariants
from .faulty_provider import BASE
from .site import KEY, Site

# Past the lease of a sender, the longest waits between tries, the life of links, the deadline of a
# task, and the tries that follow from it.
STEPS = (100, *[300] * 9, 3600, 50 * 3600, *[600] * 6)  # seconds until all has ended
EVENTS = (6, 17)


@dataclass
class Cast:
    """Who is there in every run."""

    membership: Membership
    credential: Credential
    loop: asyncio.Runner


@contextmanager
def cast() -> Iterator[Cast]:
    membership = make_member()
    credential = make_credential(team=membership.team, base_url=BASE, key=KEY)
    with asyncio.Runner() as loop:
        yield Cast(membership, credential, loop)


@dataclass
class Run:
    """What a seed did, told so that a person can follow it."""

    seed: int
    told: list[str] = field(default_factory=list)

    def note(self, site: Site, name: str) -> None:
        details = [*site.machine.told, *site.provider.told]
        site.machine.told.clear()
        site.provider.told.clear()
        extra = f" ({'; '.join(details)})" if details else ""
        self.told.append(f"{site.true_time:%d %H:%M:%S} {name}{extra}")


type Plant = Callable[[pytest.MonkeyPatch], object]


def play(seed: int, people: Cast, plant: Plant = lambda patch: None) -> Run:
    """Raises Broken with the whole story; in the end nothing of the run is left.

    ``plant`` puts a bug into the product, to see it found.
    """
    run = Run(seed)
    dice = random.Random(seed)
    with transaction.atomic():
        site = Site(dice, people.membership, people.credential, people.loop)
        try:
            # The patch is inside, because the site may have replaced the same name before it.
            with site.open(), pytest.MonkeyPatch.context() as patch:
                plant(patch)
                _play(site, run)
        except Exception as error:
            story = "\n".join(run.told)
            raise invariants.Broken(f"seed {seed}: {error!r}\n{story}") from error
        finally:
            transaction.set_rollback(True)
    return run


def _play(site: Site, run: Run) -> None:
    always = invariants.Always()
    site.machine.meanwhile = lambda: _some(site, run, events.MEANWHILE)
    _choose_conditions(site)
    names, weights = list(events.MENU), list(events.MENU.values())
    events.order(site)
    for _ in range(site.dice.randrange(*EVENTS)):
        event = site.dice.choices(names, weights)[0]
        event(site)
        run.note(site, event.__name__)
        always.look(site)
    end(site, run, always)


def end(site: Site, run: Run, always: invariants.Always) -> None:
    """The faults stop, the sweep and people do what they do, and every promise must be kept."""
    _calm(site)
    _let_all_end(site, run, always)
    invariants.in_the_end(site)
    _repeat_everything(site)
    always.look(site)


def _some(site: Site, run: Run, menu: Sequence[events.Event]) -> None:
    for _ in range(site.dice.randrange(1, 4)):
        event = site.dice.choice(menu)
        event(site)
        run.note(site, f"    meanwhile {event.__name__}")


def _choose_conditions(site: Site) -> None:
    """How this run will be: gentle or rough, with few slots or many, with or without a budget."""
    Credential.objects.filter(pk=site.credential.pk).update(
        slots=site.dice.choice((1, 2, 5)), requests_per_minute=site.dice.choice((0, 0, 60))
    )
    site.credential.refresh_from_db()
    site.most_tasks = site.dice.choice((1, 2, 2, 3))
    events.fault_rates(site)
    events.trouble(site)


def _calm(site: Site) -> None:
    """The faults stop; every queued job is lost, and what never ended fails now."""
    site.provider.fault_rate = site.machine.kills = site.machine.stops = site.machine.locks = 0.0
    site.provider.key_is_good = site.provider.calm = True
    site.disk = 10**12
    site.queue.clear()
    site.set_clock(timedelta(0))
    site.resume()
    site.allow_ordering()
    for clip in site.provider.clips.values():
        clip.end = "failed" if clip.end == "stuck" else clip.end


def _let_all_end(site: Site, run: Run, always: invariants.Always) -> None:
    """The sweep finds all by itself; people decide of what stays unclear and of what was lost."""
    for step, seconds in enumerate(STEPS):
        if _all_ended():
            return
        if step:  # the file server is the last that is well again
            site.provider.media_fault_rate = 0.0
        site.wait(seconds)
        site.deliver("sweep")
        site.drain()
        if _all_ended():
            return
        site.wait(95)  # the longest that a clip takes
        site.deliver("poll")
        site.drain()
        if step:
            _people_tidy_up(site)
        run.note(site, f"calm, {seconds} s later")
        always.look(site)


def _people_tidy_up(site: Site) -> None:
    for task in site.unclear():
        site.decide_unclear(task)
    for clip in site.given_up():  # somebody must hear of them
        site.call_back(clip)
    site.drain()


def _all_ended() -> bool:
    left = Task.objects.exclude(state__in=FINAL).exists()
    unstored = File.objects.exclude(state=FileState.STORED)
    return not left and not unstored.exists() and not File.objects.exclude(not_before=None).exists()


def _repeat_everything(site: Site) -> None:
    """One callback and four of all jobs once more, in any order: the end stays as it is."""
    before = invariants.snapshot()
    attempts = [attempt.pk for attempt in site.attempts()]
    jobs = [("send", site.credential.pk)]
    jobs += [(verb, pk) for verb in ("callbacks", "recover") for pk in attempts]
    jobs += [("cancel", pk) for pk in Task.objects.values_list("pk", flat=True)]
    jobs += [
        (verb, pk)
        for verb in ("fetch", "ask_for_lost", "proxy")
        for pk in File.objects.values_list("pk", flat=True)
    ]
    jobs += [("poll", 0)]
    for clip in list(site.provider.clips.values())[:1]:
        site.call_back(clip)
    for verb, row_id in site.dice.sample(jobs, min(4, len(jobs))):
        site.deliver(verb, row_id)
    site.drain()
    invariants.require(invariants.snapshot() == before, "what comes again changes nothing")
