"""All that happened to a task, in one column of time; what a provider said is one click away."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import Prefetch
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext, pgettext
from django.utils.translation import gettext_lazy as _

from generations.models import Attempt, Callback, Claim, Entry, Event, StatementLine, Task
from generations.models.files import FileState
from generations.models.ledger import EntryKind
from generations.models.statements import Decision
from generations.models.tasks import AttemptState, TaskState
from generations.templatetags.formats import amount, filesize

from .masking import masked
from .records import address

ANSWERS = {
    AttemptState.ACCEPTED: ("check", _("Taken"), "leaf"),
    AttemptState.REFUSED: ("circle-x", _("Refused"), "coral"),
    AttemptState.THROTTLED: ("clock", _("Not taken, tried again later"), ""),
    AttemptState.UNCLEAR: ("circle-question-mark", _("No clear answer"), "lilac"),
}
ENDS = {
    TaskState.SUCCEEDED: ("sparkles", _("Finished at the provider"), ""),
    TaskState.FAILED: ("circle-x", _("Failed"), "coral"),
    TaskState.CANCELLED: ("ban", _("Cancelled"), ""),
}
ENTRY_ICON, EVENT_ICON = "coins", "pencil-line"


@dataclass(frozen=True, slots=True)
class Moment:
    """One line: when, what, in which words; ``raw`` is what a provider said, by its name."""

    at: datetime
    icon: str
    word: Any
    words: Any = ""
    tone: str = ""
    href: str = ""
    raw: tuple[tuple[Any, str], ...] = ()

    @property
    def day(self) -> str:
        """20 November 2026."""
        return date_format(timezone.localtime(self.at), pgettext("date", "j F Y"))


class Timeline:
    """A task's moments, read in a constant number of queries."""

    def __init__(self, task: Task) -> None:
        self.task = task

    @cached_property
    def moments(self) -> list[Moment]:
        parts = (self._ordered, self._tries, self._rings, self._ended, self._kept, self._booked)
        more = (self._acts, self._stated)
        return sorted(
            (moment for part in parts + more for moment in part()), key=lambda moment: moment.at
        )

    @cached_property
    def attempts(self) -> list[Attempt]:
        entries = Entry.objects.select_related("actor").order_by("pk")
        found = self.task.attempts.select_related("claim__decided_by").prefetch_related(
            "callbacks", Prefetch("entries", entries)
        )
        return list(found.order_by("ordinal"))

    @property
    def attempt(self) -> Attempt:
        """The last one, which is the one that counts."""
        return self.attempts[-1]

    @cached_property
    def unit(self) -> str:
        units = (entry.unit for attempt in self.attempts for entry in attempt.entries.all())
        return next(units, "credit")

    @property
    def claim(self) -> Claim | None:
        claims = (getattr(attempt, "claim", None) for attempt in self.attempts)
        return next(filter(None, claims), None)

    def _ordered(self) -> Iterator[Moment]:
        who = gettext("by %(who)s") % {"who": self.task.created_by}
        adopted = self.task.is_adopted
        icon, word = ("inbox", _("Taken in")) if adopted else ("plus", _("Ordered"))
        yield Moment(self.task.created_at, icon, word, who)

    def _tries(self) -> Iterator[Moment]:
        for attempt in self.attempts:
            which = gettext("attempt %(n)s") % {"n": attempt.ordinal}
            if attempt.sent_at:
                key = gettext("to %(key)s") % {"key": self.task.credential.name}
                yield Moment(
                    attempt.sent_at, "arrow-up", _("Sent"), f"{which}, {key}", "", address(attempt)
                )
            if attempt.answered_at:
                yield self._answer(attempt, attempt.answered_at)

    def _answer(self, attempt: Attempt, at: datetime) -> Moment:
        icon, word, tone = ANSWERS.get(AttemptState(attempt.state), ("ban", _("Given up"), ""))
        said = attempt.code or attempt.number
        raw = ((_("Raw reply"), masked(attempt.reply, attempt)),) if attempt.reply else ()
        return Moment(at, icon, word, said, tone, address(attempt), raw)

    def _rings(self) -> Iterator[Moment]:
        for attempt in self.attempts:
            for ring in attempt.callbacks.all():
                words = f"{ring.verdict} · {ring.word}" if ring.word else ring.verdict
                raw = ((_("Headers"), _headers(ring)), (_("Body"), ring.body))
                yield Moment(
                    ring.received_at,
                    "bell",
                    _("The provider rang"),
                    words,
                    "",
                    address(ring),
                    tuple((name, masked(text, attempt)) for name, text in raw if text),
                )

    def _ended(self) -> Iterator[Moment]:
        task = self.task
        if task.finished_at is None:
            return
        icon, word, tone = ENDS[TaskState(task.state)]
        looks = ngettext("asked %(n)s time", "asked %(n)s times", task.checks) % {"n": task.checks}
        words = " · ".join(filter(None, [task.code, task.message, looks if task.checks else ""]))
        reports = tuple(
            (_("Last raw report"), masked(attempt.report, attempt))
            for attempt in self.attempts
            if attempt.report
        )
        yield Moment(task.finished_at, icon, word, words, tone, "", reports)

    def _kept(self) -> Iterator[Moment]:
        for file in self.task.files.all():
            part = file.get_part_display()
            yield Moment(file.seen_at, "eye", _("Link seen"), part, "", address(file))
            if file.stored_at:
                kept = f"{part} · {filesize(file.size)}"
                yield Moment(file.stored_at, "check", _("Kept here"), kept, "leaf", address(file))
            elif file.state == FileState.LOST and file.expires_at:
                yield Moment(
                    file.expires_at, "unlink", _("Link died"), file.trouble, "coral", address(file)
                )

    def _booked(self) -> Iterator[Moment]:
        for attempt in self.attempts:
            for entry in attempt.entries.all():
                said = [amount(entry.amount, entry.unit), entry.memo, entry.actor]
                carried = gettext("carried over") if entry.carried else ""
                vain = gettext("though no clip came") if entry.in_vain else ""
                yield Moment(
                    entry.at,
                    ENTRY_ICON,
                    EntryKind(entry.kind).label,
                    " · ".join(str(part) for part in [*said, carried, vain] if part),
                    "coral" if entry.in_vain else "",
                    address(entry),
                )

    def _acts(self) -> Iterator[Moment]:
        events = Event.objects.filter(team=self.task.team_id, subject=str(self.task))
        for event in events.select_related("actor"):
            who = str(event.actor or gettext("Rushes"))
            detail = ", ".join(f"{name} {value}" for name, value in event.detail.items())
            words = f"{who} · {detail}" if detail else who
            yield Moment(event.at, EVENT_ICON, event.verb, words, "", address(event))

    def _stated(self) -> Iterator[Moment]:
        claim = self.claim
        if claim is None:
            return
        lines = StatementLine.objects.filter(credential=claim.credential_id, number=claim.number)
        for line in lines.select_related("statement").defer("statement__content"):
            if line.statement.imported_at:
                said = f"{amount(line.amount, claim.unit)} · {line.statement}"
                yield Moment(
                    line.statement.imported_at,
                    "file-down",
                    _("On a statement"),
                    said,
                    "coral" if claim.is_open else "",
                    address(claim),
                )
        if claim.decided_at:
            who = f"{claim.decided_by} · {claim.reason}" if claim.reason else str(claim.decided_by)
            word = Decision(claim.decision).label
            yield Moment(claim.decided_at, EVENT_ICON, word, who, "", address(claim))


def _headers(ring: Callback) -> str:
    return "\n".join(f"{name}: {value}" for name, value in ring.headers.items())
