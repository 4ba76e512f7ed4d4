"""What must be so after every event, and what must be so in the end."""

import hashlib
from collections import Counter
from datetime import timedelta
from typing import Any

from django.core.files.storage import default_storage
from django.db import connection

from generations.billing import ledger
from generations.lifecycle import proxies
from generations.models import Attempt, Entry, File, Task
from generations.models.files import FileState
from generations.models.ledger import CLOSING, SPENDING, EntryKind
from generations.models.tasks import FINAL

from .site import Site

# For so long nobody must have got a file, at the least, before it is called lost.
PATIENCE = timedelta(minutes=10)
CONTRACT = 3600  # seconds that a link lives which names no end
LINES = (
    "SELECT line.id, line.entry_id, line.amount, account.id, account.name, account.balance"
    " FROM generations_account account LEFT JOIN generations_line line"
    " ON line.account_id = account.id ORDER BY line.id"
)
STATES = "SELECT id, state FROM generations_task"


class Broken(AssertionError):
    """A promise was not kept."""


def require(kept: object, promise: str) -> None:
    if not kept:
        raise Broken(promise)


def rows(question: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(question)
        return list(cursor.fetchall())


class Always:
    """Looks after each event; it remembers what may never change."""

    def __init__(self) -> None:
        self.lines: list[tuple[Any, ...]] = []
        self.ended: dict[int, str] = {}

    def look(self, site: Site) -> None:
        require(max(site.provider.posts.values(), default=1) == 1, "one POST for each attempt")
        self._books()
        self._ends()
        _losses_are_proved(site)

    def _books(self) -> None:
        found = rows(LINES)
        lines = [row[:5] for row in found if row[0]]
        require(lines[: len(self.lines)] == self.lines, "no line ever changes")
        self.lines = lines
        journals: Counter[int] = Counter()
        sums: Counter[int] = Counter()
        for _line, entry, amount, account, _name in lines:
            journals[entry] += amount
            sums[account] += amount
        require(not any(journals.values()), "every journal sums to zero")
        for *_line, account, name, balance in found:
            require(balance == sums[account], "each balance is the sum of its lines")
            require(balance >= 0 or name == "granted", "nothing but what was granted is negative")

    def _ends(self) -> None:
        states = dict(rows(STATES))
        for task, state in self.ended.items():
            require(states[task] == state, f"task {task} ended {state} and stays so")
        self.ended = {task: state for task, state in states.items() if state in FINAL}


def in_the_end(site: Site) -> None:
    """Once all faults have stopped, the sweep has had its time and people have decided."""
    faults = list(ledger.verify())
    require(not faults, f"the books hold: {faults}")
    _everything_ended()
    _each_hold_closed_once()
    _charges_are_settled(site)
    _files_are_kept(site)


def _everything_ended() -> None:
    left = list(Task.objects.exclude(state__in=FINAL).values_list("pk", "state", "reason", "code"))
    require(not left, f"every task ends: {left}")
    places = Task.objects.order_by().values_list("team", "form_token")
    require(max(Counter(places).values(), default=1) == 1, "one task for each press")


def _each_hold_closed_once() -> None:
    kinds = Counter(Entry.objects.exclude(attempt=None).values_list("attempt", "kind"))
    attempts = {attempt for attempt, _kind in kinds}
    for attempt in attempts:
        closings = sum(kinds[attempt, kind] for kind in CLOSING)
        held = kinds[attempt, EntryKind.HOLD]
        require((held, closings) == (1, 1), f"attempt {attempt} was held and closed once")


def _charges_are_settled(site: Site) -> None:
    """To the unit; what was taken after somebody gave the order up is told by an alarm.

    A cost that nobody knows is booked as not known, never as 0.
    """
    spent = Entry.objects.filter(kind__in=SPENDING).values_list("attempt__reference", "amount")
    settled: Counter[str] = Counter()
    unknown = {reference for reference, amount in spent if amount is None}
    for reference, amount in spent:
        settled[reference] += amount or 0
    alarms = " ".join(Task.objects.values_list("alarm", flat=True))
    for clip in site.provider.clips.values():
        charge, booked = clip.charge(site.true_time), settled.pop(clip.reference, 0)
        known = charge == booked or clip.remote_id in alarms or clip.reference in unknown
        require(known, f"{clip.remote_id} was charged {charge} and is booked with {booked}")
    require(not any(settled.values()), f"nothing is booked that was not charged: {settled}")


def _files_are_kept(site: Site) -> None:
    """The provider has them all: what was called lost was found again."""
    missing = File.objects.exclude(state=FileState.STORED)
    require(not missing.exists(), f"every file is stored: {list(missing.values())}")
    for file in File.objects.all():
        remote_id, part = file.url.partition("?")[0].split("/")[-2:]
        clip = site.provider.clips[remote_id]
        with default_storage.open(file.name) as stored:
            kept = stored.read()
        right = kept == clip.bytes_of(part)
        named = hashlib.sha256(kept).hexdigest() == file.sha256
        require(right and named, f"{remote_id}/{part} is kept as it came: {kept!r}")
        if file.plays_in_browsers is False and part == "video":
            was_tried = file.tries > len(proxies.PAUSES)
            require(file.proxy or was_tried, f"{remote_id}/{part} has a copy for browsers")
        if file.proxy:
            with default_storage.open(file.proxy) as stored:
                require(stored.read() == b"copy of " + kept, "a copy is of its own file")


def _losses_are_proved(site: Site) -> None:
    """By time: nobody got a lost file for minutes, nor for the life of its link by our clock."""
    for file in File.objects.filter(state=FileState.LOST):
        remote_id, part = file.url.partition("?")[0].split("/")[-2:]
        clip = site.provider.clips[remote_id]
        life = timedelta(seconds=clip.link_life if clip.signs else CONTRACT)
        least = PATIENCE if site.was_skewed else max(life, PATIENCE)
        since = clip.bad_since.get(part)
        is_proved = since is not None and clip.bad_last[part] - since >= least
        require(is_proved, f"{remote_id}/{part} was lost though its link lived")


def snapshot() -> list[Any]:
    """All that a duplicate may not change any more."""
    task = ("pk", "state", "code", "finished_at", "accepted_at")
    attempt = ("pk", "state", "remote_id", "cost")
    file = ("pk", "state", "sha256", "name")
    return [
        list(Task.objects.order_by("pk").values_list(*task)),
        list(Attempt.objects.order_by("pk").values_list(*attempt)),
        list(File.objects.order_by("pk").values_list(*file)),
        rows(LINES),
    ]
