"""One reading of a film's tree: what it shows, and what contradicts an earlier reading."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from generations import clock, events
from generations.lifecycle import transitions
from generations.models import Attempt, Cut, Film, Take
from generations.models.events import EventKind
from generations.models.files import FileRole
from generations.models.films import SegmentKind
from generations.models.tasks import FINAL, TaskState
from generations.providers.contract import FilmCut, FilmRecord, Result

log = structlog.get_logger(__name__)

UNSUCCESSFUL = (TaskState.FAILED, TaskState.CANCELLED)
FORWARD = (TaskState.QUEUED, TaskState.RUNNING)
REMOVED = "removed"

type Part = Take | Cut
type Record = FilmRecord | FilmCut


def known_state(part: Part) -> str:
    """Return the state of a part: its own task knows it, else the tree."""
    return part.status if part.status in FINAL else part.state


def in_order[Read: Record](records: Iterable[Read]) -> list[Read]:
    """Sort records by id, which grows with time: replies come in any order."""
    return sorted(records, key=lambda record: (len(record.remote_id), record.remote_id))


def raise_alarm(row: Film | Part, code: str, detail: str = "") -> None:
    """Write an alarm on a film or a part: ``code`` is one that pages have a sentence for."""
    row.alarm = f"{code} {detail}".strip()[:200]
    log.error("alarm", of=type(row).__name__, pk=row.pk, code=code, detail=detail)
    film_id = row.pk if isinstance(row, Film) else row.film_id
    team_id = row.team_id if isinstance(row, Film) else row.film.team_id
    events.record(team_id, EventKind.FILM_ALARM, film_id, code=code)


@dataclass
class TreeReading:
    """What one report has shown of a film so far."""

    film: Film
    now: datetime = field(default_factory=clock.now)
    seen: set[Part] = field(default_factory=set)
    links: list[tuple[Part, Result]] = field(default_factory=list)
    changed: bool = False

    def apply_record(self, part: Part, record: Record) -> None:
        """Apply what a record says of a part, which may be a new row."""
        before = None if part.pk is None else _facts(part)
        part.missing_at = None
        part.alarm = "" if part.alarm == REMOVED else part.alarm
        if isinstance(part, Take) and isinstance(record, FilmRecord):
            part.prompt = part.prompt or record.prompt
        self._move(part, record)
        self.save_if_changed(part, before)
        self.seen.add(part)
        if record.url and self._wants_link(part):
            self.links.append((part, Result(_role(part), record.url, record.remote_id)))

    def save_if_changed(self, part: Part, before: object) -> None:
        if before != _facts(part):
            part.save()
            self.changed = True

    def _move(self, part: Part, record: Record) -> None:
        if record.state is None:
            return
        state, known = TaskState(record.state), known_state(part)
        if known in FINAL:
            if state in FINAL and state != known:
                raise_alarm(part, f"turned_{state}")
        elif state in FINAL or FORWARD.index(state) > FORWARD.index(TaskState(part.state)):
            part.state, part.code = state, record.code[:80]
            part.reason = (record.reason or "") if state in UNSUCCESSFUL else ""
            if part.task and state in FINAL:
                transitions.check_soon(part.task)

    def _wants_link(self, part: Part) -> bool:
        """Whether the tree's link is needed: what a task of ours made has a link of its own."""
        if known_state(part) != TaskState.SUCCEEDED or part.is_stored:
            return False
        of_tree = part.file is not None and part.file.task_id == self.film.task_id
        return part.task is None or of_tree

    def mark_missing(self, part: Part, *, is_needed: bool) -> None:
        """Mark a part that the tree no longer has; alarm where it is needed and not stored."""
        before = _facts(part)
        part.missing_at = part.missing_at or self.now
        if is_needed and not part.is_stored and not part.alarm:
            raise_alarm(part, REMOVED)
        self.save_if_changed(part, before)

    def finish(self, attempt: Attempt) -> None:
        """Queue the fetching of all files, and write down which parts were seen."""
        files = transitions.save_tree_links(attempt, [result for _part, result in self.links])
        for part, result in self.links:
            before, part.file = _facts(part), files[result.remote_id]
            self.save_if_changed(part, before)
        for rows in (Take.objects, Cut.objects):
            seen = [part.pk for part in self.seen if isinstance(part, rows.model)]
            rows.filter(pk__in=seen).update(seen_at=self.now)

    @property
    def is_under_way(self) -> bool:
        """Whether a record still runs that no task of ours watches."""
        return any(part.task is None and known_state(part) not in FINAL for part in self.seen)


def _facts(part: Part) -> tuple[object, ...]:
    prompt = part.prompt if isinstance(part, Take) else ""
    return (part.state, part.reason, part.code, prompt, part.missing_at, part.alarm, part.file_id)


def _role(part: Part) -> FileRole:
    is_sound = isinstance(part, Take) and part.segment.kind != SegmentKind.SHOT
    return FileRole.AUDIO if is_sound else FileRole.VIDEO
