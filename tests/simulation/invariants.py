"""What must be so after every event, and what must be so in the end."""

import hashlib
from collections import Counter
from typing import Any

from django.core.files.storage import default_storage
from django.db import connection

from generations.billing import ledger
from generations.models import Attempt, Entry, File, Task
from generations.models.files import FileState
from generations.models.ledger import CLOSING, SPENDING, EntryKind
from generations.models.tasks import FINAL

from .site import Site

GIVEN_UP = 2  # bad answers are the least before a file is called lost
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
    """To the unit; what was taken after somebody gave the order up is told by an alarm."""
    spent = Entry.objects.filter(kind__in=SPENDING).values_list("attempt__reference", "amount")
    settled: Counter[str] = Counter()
    for reference, amount in spent:
        settled[reference] += amount
    alarms = " ".join(Task.objects.values_list("alarm", flat=True))
    for clip in site.provider.clips.values():
        charge, booked = clip.charge(site.true_time), settled.pop(clip.reference, 0)
        known = charge == booked or clip.remote_id in alarms
        require(known, f"{clip.remote_id} was charged {charge} and is booked with {booked}")
    require(not any(settled.values()), f"nothing is booked that was not charged: {settled}")


def _files_are_kept(site: Site) -> None:
    waiting = File.objects.filter(state__in=[FileState.REMOTE, FileState.FETCHING])
    require(not waiting.exists(), f"every file is stored or lost: {list(waiting.values())}")
    for file in File.objects.all():
        remote_id, part = file.url.partition("?")[0].split("/")[-2:]
        clip = site.provider.clips[remote_id]
        if file.state == FileState.LOST:
            given_up = clip.bad_answers[part] >= GIVEN_UP
            require(given_up, f"{remote_id}/{part} was lost though its link lived")
            continue
        with default_storage.open(file.name) as stored:
            kept = stored.read()
        right = kept == clip.bytes_of(part)
        named = hashlib.sha256(kept).hexdigest() == file.sha256
        require(right and named, f"{remote_id}/{part} is kept as it came: {kept!r}")


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
