"""The menu of events, and how often each is chosen."""

from collections.abc import Callable
from datetime import timedelta

from generations.models import File, Task

from .clips import Clip
from .site import Site

type Event = Callable[[Site], None]
HOUR = timedelta(hours=1)


# ---- Jobs ----


def work(site: Site) -> None:
    """A job of the queue, in any order."""
    if site.queue:
        site.do(*site.queue.pop(site.dice.randrange(len(site.queue))))


def work_doubled(site: Site) -> None:
    if site.queue:
        job = site.dice.choice(site.queue)
        site.do(*job)
        site.do(*job)


def work_all(site: Site) -> None:
    for _ in range(len(site.queue)):
        work(site)


def lose_a_job(site: Site) -> None:
    if site.queue:
        site.queue.pop(site.dice.randrange(len(site.queue)))


def flush_the_queue(site: Site) -> None:
    site.queue.clear()


def look(site: Site) -> None:
    """A round of the poller."""
    site.deliver("poll")


def sweep(site: Site) -> None:
    site.deliver("sweep")


def stray_job(site: Site) -> None:
    """A job that nobody queued now: an old one that comes late."""
    verb = site.dice.choice(("send", "callbacks", "recover", "cancel", "fetch", "ask_for_lost"))
    rows: dict[str, list[int]] = {
        "callbacks": [attempt.pk for attempt in site.attempts()],
        "recover": [attempt.pk for attempt in site.attempts()],
        "cancel": list(Task.objects.order_by("pk").values_list("pk", flat=True)),
        "fetch": list(File.objects.order_by("pk").values_list("pk", flat=True)),
        "ask_for_lost": list(File.objects.order_by("pk").values_list("pk", flat=True)),
    }
    numbers = rows.get(verb, [site.credential.pk])
    if numbers:
        site.deliver(verb, site.dice.choice(numbers))


# ---- Time ----


def wait_shortly(site: Site) -> None:
    site.wait(site.dice.choice((1, 10, 40)))


def wait_for_tries(site: Site) -> None:
    """Twenty minutes in which all jobs are done, as on a site that is well."""
    for _ in range(10):
        site.wait(120)
        look(site)
        work_all(site)


def wait_past_leases(site: Site) -> None:
    site.wait(100)


def wait_past_links(site: Site) -> None:
    site.wait(3700)


def step_the_clock(site: Site) -> None:
    """Our clock alone is set, an hour on or back, or right again."""
    site.set_clock(site.dice.choice((HOUR, -HOUR, timedelta(0))))


# ---- Callbacks ----


def _clip(site: Site) -> Clip | None:
    return site.dice.choice(list(site.provider.clips.values())) if site.provider.clips else None


def call_back(site: Site) -> None:
    if clip := _clip(site):
        site.call_back(clip)


def call_back_three_times(site: Site) -> None:
    """The same callback again and again."""
    if clip := _clip(site):
        for _ in range(3):
            site.call_back(clip, nonce=f"once-{clip.remote_id}")


def call_back_with_another_id(site: Site) -> None:
    if clip := _clip(site):
        other = site.dice.choice([*site.provider.clips, "12345"])
        site.call_back(clip, remote_id=other)


def call_back_forged(site: Site) -> None:
    if clip := _clip(site):
        site.call_back(clip, key="another-key")
        site.call_back(clip, age=900)


# ---- The provider and the machine ----


def fault_rates(site: Site) -> None:
    """How often exchanges fail from now on."""
    site.provider.fault_rate = site.dice.choice((0.0, 0.3, 0.6))
    site.provider.media_fault_rate = site.dice.choice((0.0, 0.3, 0.6))


def trouble(site: Site) -> None:
    """How often processes die, stand still, or find the database locked from now on."""
    machine = site.machine
    machine.kills = site.dice.choice((0.0, 0.01, 0.04))
    machine.stops = site.dice.choice((0.0, 0.01, 0.03))
    machine.locks = site.dice.choice((0.0, 0.0, 0.05))


def disk(site: Site) -> None:
    site.disk = site.dice.choice((10**12, 0))


def bad_key(site: Site) -> None:
    site.provider.key_is_good = not site.provider.key_is_good


# ---- People ----


def order(site: Site) -> None:
    if len(site.presses) < site.most_tasks:
        site.presses.append(f"press-{len(site.presses)}")
        site.press(site.presses[-1])


def press_again(site: Site) -> None:
    """A double click, or a person who saw no answer."""
    if site.presses:
        site.press(site.dice.choice(site.presses))


def cancel(site: Site) -> None:
    tasks = list(Task.objects.order_by("pk"))
    if tasks:
        site.cancel(site.dice.choice(tasks))


def decide(site: Site) -> None:
    if tasks := site.unclear():
        site.decide_unclear(site.dice.choice(tasks))


def fetch_again(site: Site) -> None:
    for task in site.with_lost_files()[:1]:
        site.fetch_again(task)


def resume(site: Site) -> None:
    site.resume()


def switch_ordering(site: Site) -> None:
    site.dice.choice((site.stop_ordering, site.allow_ordering))()


MENU: dict[Event, int] = {
    work: 20,
    work_all: 30,
    work_doubled: 5,
    lose_a_job: 3,
    flush_the_queue: 1,
    stray_job: 5,
    look: 8,
    sweep: 6,
    wait_shortly: 16,
    wait_past_leases: 4,
    wait_past_links: 1,
    wait_for_tries: 2,
    step_the_clock: 2,
    call_back: 6,
    call_back_three_times: 2,
    call_back_with_another_id: 2,
    call_back_forged: 1,
    fault_rates: 5,
    trouble: 4,
    disk: 1,
    bad_key: 1,
    order: 6,
    press_again: 2,
    cancel: 2,
    decide: 3,
    fetch_again: 1,
    resume: 3,
    switch_ordering: 1,
}
MEANWHILE: tuple[Event, ...] = (
    *(work, work_all, work_doubled, look, sweep, call_back, decide, cancel),
    *(wait_shortly, wait_past_leases, wait_past_leases, step_the_clock),
)
