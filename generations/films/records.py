"""One reading of a tree: what it has seen, what it says against what was said before."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from generations import clock
from generations.lifecycle import transitions
from generations.models import Attempt, Composition, Film, Take
from generations.models.files import FilePart
from generations.models.films import StripKind
from generations.models.tasks import FINAL, TaskState
from generations.providers.contract import FilmCut, FilmRecord, Result

log = structlog.get_logger(__name__)

ENDED_BADLY = (TaskState.FAILED, TaskState.CANCELLED)
FORWARD = (TaskState.QUEUED, TaskState.RUNNING)
REMOVED = "removed"

type Part = Take | Composition
type Record = FilmRecord | FilmCut


def known_state(part: Part) -> str:
    """How far a part is: its task knows, else the tree."""
    return part.status if part.status in FINAL else part.state


def in_order[Read: Record](records: Iterable[Read]) -> list[Read]:
    """By number, which grows with time; so it does not matter how a reply was sorted."""
    return sorted(records, key=lambda record: (len(record.number), record.number))


def sound(row: Film | Part, code: str, detail: str = "") -> None:
    """Something of a film that a person must know of: a code, and what it is of."""
    row.alarm = f"{code} {detail}".strip()[:200]
    log.error("alarm", of=type(row).__name__, number=row.pk, code=code, detail=detail)


@dataclass
class Reading:
    """What one report has shown of a film so far."""

    film: Film
    now: datetime = field(default_factory=clock.now)
    seen: set[Part] = field(default_factory=set)
    links: list[tuple[Part, Result]] = field(default_factory=list)
    changed: bool = False

    def saw(self, part: Part, record: Record) -> None:
        """Take over what a record says of a part, which may be new."""
        before = None if part.pk is None else _kept(part)
        part.missing_at = None
        part.alarm = "" if part.alarm == REMOVED else part.alarm
        if isinstance(part, Take) and isinstance(record, FilmRecord):
            part.prompt = part.prompt or record.prompt
        self._move(part, record)
        self.keep(part, before)
        self.seen.add(part)
        if record.url and self._wants_link(part):
            self.links.append((part, Result(_file_part(part), record.url, record.number)))

    def keep(self, part: Part, before: object) -> None:
        """Save a part that is not what it was."""
        if before != _kept(part):
            part.save()
            self.changed = True

    def _move(self, part: Part, record: Record) -> None:
        if record.state is None:
            return
        state, known = TaskState(record.state), known_state(part)
        if known in FINAL:
            if state in FINAL and state != known:
                sound(part, f"turned_{state}")
        elif state in FINAL or FORWARD.index(state) > FORWARD.index(TaskState(part.state)):
            part.state, part.code = state, record.code[:80]
            if part.task and state in FINAL:
                transitions.look_soon(part.task)

    def _wants_link(self, part: Part) -> bool:
        """What our own task made has a link of its own."""
        if known_state(part) != TaskState.SUCCEEDED or part.is_stored:
            return False
        of_tree = part.file is not None and part.file.task_id == self.film.task_id
        return part.task is None or of_tree

    def lost(self, part: Part, *, is_needed: bool) -> None:
        """The tree had it once and has it no more; an alarm where it is needed and not kept."""
        before = _kept(part)
        part.missing_at = part.missing_at or self.now
        if is_needed and not part.is_stored and not part.alarm:
            sound(part, REMOVED)
        self.keep(part, before)

    def finish(self, attempt: Attempt) -> None:
        """Have all files fetched, and remember what was seen."""
        files = transitions.tree_links(attempt, [result for _part, result in self.links])
        for part, result in self.links:
            before, part.file = _kept(part), files[result.number]
            self.keep(part, before)
        for rows in (Take.objects, Composition.objects):
            shown = [part.pk for part in self.seen if isinstance(part, rows.model)]
            rows.filter(pk__in=shown).update(seen_at=self.now)

    @property
    def is_under_way(self) -> bool:
        """Whether something will still come that no task of ours looks after."""
        return any(part.task is None and known_state(part) not in FINAL for part in self.seen)


def _kept(part: Part) -> tuple[object, ...]:
    prompt = part.prompt if isinstance(part, Take) else ""
    return (part.state, part.code, prompt, part.missing_at, part.alarm, part.file_id)


def _file_part(part: Part) -> FilePart:
    heard = isinstance(part, Take) and part.strip.kind != StripKind.SHOT
    return FilePart.AUDIO if heard else FilePart.VIDEO
