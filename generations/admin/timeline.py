"""The timeline of a task: all that happened, in order, with the provider's raw replies."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import Prefetch
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from generations.models import Attempt, AuditEvent, Callback, Claim, Entry, StatementLine, Task
from generations.models.files import FileState
from generations.models.ledger import EntryKind
from generations.models.statements import ClaimDecision
from generations.models.tasks import AttemptState, TaskState
from generations.templatetags.formats import amount, filesize

from .records import address, masked

ANSWERS = {
    AttemptState.ACCEPTED: ("check", pgettext_lazy("attempt", "Accepted"), "leaf"),
    AttemptState.REFUSED: ("circle-x", _("Refused"), "coral"),
    AttemptState.THROTTLED: ("clock", _("Not accepted, tried again later"), ""),
    AttemptState.UNCLEAR: ("circle-question-mark", _("No clear answer"), "lilac"),
}
ENDS = {
    TaskState.SUCCEEDED: ("sparkles", _("Finished at the provider"), ""),
    TaskState.FAILED: ("circle-x", _("Failed"), "coral"),
    TaskState.CANCELLED: ("ban", _("Cancelled"), ""),
}
ENTRY_ICON, EVENT_ICON = "coins", "pencil-line"


@dataclass(frozen=True, slots=True)
class TimelineLine:
    """One line of the timeline; ``raw`` holds the provider's texts by their names."""

    at: datetime
    icon: str
    title: Any
    text: Any = ""
    tone: str = ""
    href: str = ""
    raw: tuple[tuple[Any, str], ...] = ()

    @property
    def day(self) -> str:
        """Format the day: 20 November 2026."""
        return date_format(timezone.localtime(self.at), pgettext("date", "j F Y"))


class Timeline:
    """The lines of a task, in a constant count of queries."""

    def __init__(self, task: Task) -> None:
        self.task = task

    @cached_property
    def lines(self) -> list[TimelineLine]:
        parts = (
            self._order,
            self._attempts,
            self._callbacks,
            self._end,
            self._files,
            self._entries,
        )
        more = (self._audit_events, self._statement_lines)
        # What has the same instant stays in the order of the parts.
        return sorted((line for part in parts + more for line in part()), key=lambda line: line.at)

    @cached_property
    def attempts(self) -> list[Attempt]:
        entries = Entry.objects.select_related("actor").order_by("pk")
        found = self.task.attempts.select_related("claim__decided_by").prefetch_related(
            "callbacks", Prefetch("entries", entries)
        )
        return list(found.order_by("ordinal"))

    @property
    def attempt(self) -> Attempt:
        """Return the last attempt, the one that counts."""
        return self.attempts[-1]

    @cached_property
    def unit(self) -> str:
        units = (entry.unit for attempt in self.attempts for entry in attempt.entries.all())
        return next(units, "credit")

    @property
    def claim(self) -> Claim | None:
        claims = (getattr(attempt, "claim", None) for attempt in self.attempts)
        return next(filter(None, claims), None)

    def _order(self) -> Iterator[TimelineLine]:
        who = gettext("by %(who)s") % {"who": self.task.created_by}
        icon, word = ("inbox", _("Imported")) if self.task.is_imported else ("plus", _("Ordered"))
        yield TimelineLine(self.task.created_at, icon, word, who)

    def _attempts(self) -> Iterator[TimelineLine]:
        for attempt in self.attempts:
            which = gettext("attempt %(n)s") % {"n": attempt.ordinal}
            if attempt.sent_at:
                key = gettext("to %(key)s") % {"key": self.task.credential.name}
                yield TimelineLine(
                    attempt.sent_at, "arrow-up", _("Sent"), f"{which}, {key}", "", address(attempt)
                )
            if attempt.answered_at:
                yield self._answer(attempt, attempt.answered_at)

    def _answer(self, attempt: Attempt, at: datetime) -> TimelineLine:
        icon, word, tone = ANSWERS.get(AttemptState(attempt.state), ("ban", _("Given up"), ""))
        text = attempt.code or attempt.remote_id
        raw = ((_("Raw reply"), masked(attempt.reply, attempt)),) if attempt.reply else ()
        return TimelineLine(at, icon, word, text, tone, address(attempt), raw)

    def _callbacks(self) -> Iterator[TimelineLine]:
        for attempt in self.attempts:
            for callback in attempt.callbacks.all():
                words = (
                    f"{callback.verdict} · {callback.state_word}"
                    if callback.state_word
                    else callback.verdict
                )
                raw = ((_("Headers"), header_lines(callback)), (_("Body"), callback.body))
                yield TimelineLine(
                    callback.received_at,
                    "bell",
                    _("Callback received"),
                    words,
                    "",
                    address(callback),
                    tuple((name, masked(text, attempt)) for name, text in raw if text),
                )

    def _end(self) -> Iterator[TimelineLine]:
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
        yield TimelineLine(task.finished_at, icon, word, words, tone, "", reports)

    def _files(self) -> Iterator[TimelineLine]:
        for file in self.task.files.all():
            part = file.get_role_display()
            yield TimelineLine(file.seen_at, "eye", _("Link seen"), part, "", address(file))
            if file.stored_at:
                kept = f"{part} · {filesize(file.size)}"
                link = address(file)
                yield TimelineLine(file.stored_at, "check", _("Stored here"), kept, "leaf", link)
            elif file.state == FileState.LOST and file.expires_at:
                yield TimelineLine(
                    file.expires_at,
                    "unlink",
                    _("Link expired"),
                    file.last_error,
                    "coral",
                    address(file),
                )

    def _entries(self) -> Iterator[TimelineLine]:
        for attempt in self.attempts:
            for entry in attempt.entries.all():
                texts = [amount(entry.known_amount, entry.unit), entry.memo, entry.actor]
                carried = gettext("carried over") if entry.carried else ""
                failed = gettext("although no clip came") if entry.failed else ""
                yield TimelineLine(
                    entry.at,
                    ENTRY_ICON,
                    EntryKind(entry.kind).label,
                    " · ".join(str(part) for part in [*texts, carried, failed] if part),
                    "coral" if entry.failed else "",
                    address(entry),
                )

    def _audit_events(self) -> Iterator[TimelineLine]:
        # An audit event has the name of its subject and no key, because subjects are of any kind.
        events = AuditEvent.objects.filter(team=self.task.team_id, subject=str(self.task))
        for event in events.select_related("actor"):
            who = str(event.actor or gettext("Rushes"))
            detail = ", ".join(f"{name} {value}" for name, value in event.detail.items())
            words = f"{who} · {detail}" if detail else who
            yield TimelineLine(event.at, EVENT_ICON, event.verb, words, "", address(event))

    def _statement_lines(self) -> Iterator[TimelineLine]:
        claim = self.claim
        if claim is None:
            return
        lines = StatementLine.objects.filter(
            credential=claim.credential_id, remote_id=claim.remote_id
        )
        for line in lines.select_related("statement").defer("statement__content"):
            if line.statement.imported_at:
                text = f"{amount(line.amount, claim.unit)} · {line.statement}"
                yield TimelineLine(
                    line.statement.imported_at,
                    "file-down",
                    _("On a statement"),
                    text,
                    "coral" if claim.is_open else "",
                    address(claim),
                )
        if claim.decided_at:
            who = f"{claim.decided_by} · {claim.reason}" if claim.reason else str(claim.decided_by)
            word = ClaimDecision(claim.decision).label
            yield TimelineLine(claim.decided_at, EVENT_ICON, word, who, "", address(claim))


def header_lines(callback: Callback) -> str:
    return "\n".join(f"{name}: {value}" for name, value in callback.headers.items())
