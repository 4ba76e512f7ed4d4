"""What a person reads of alarms: what is wrong with a clip, and what to do."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from generations.lifecycle import transitions
from generations.models import Task
from generations.models.tasks import AT_PROVIDER, Alarm, TaskState
from generations.templatetags.formats import when

from .reasons import Sentence
from .tasks import QUOTING, waiting

ALARMS: Mapping[str, Sentence] = {
    "taken_after_all": _(
        "The provider accepted an order that was given up here, as task %(detail)s. It may "
        "cost credits: check the provider's own task list."
    ),
    "contradicted": _(
        "The provider reported “%(detail)s” after the order had ended with another result. "
        "Nothing was changed here."
    ),
    "not_found": _(
        "The provider no longer finds %(detail)s. Rushes asks again; the credits stay held."
    ),
    "unknown_state": _(
        "The provider reports the state “%(detail)s”, which Rushes does not know. Rushes goes on "
        "asking. If this stays so, look the clip up at the provider."
    ),
    "unanswered": _(
        "Rushes cannot read the provider's answers about this clip: “%(detail)s”. Rushes goes on "
        "asking. If this stays so, check the address of the key."
    ),
    "no_film": _(
        "The provider reports that it has finished, but no film was found in the answer. Rushes "
        "goes on asking. If this stays so, look the clip up at the provider."
    ),
    "cost_unread": _(
        "The provider named a cost that Rushes cannot read: “%(detail)s”. Look up at the provider "
        "what this clip cost."
    ),
    "file_damaged": _(
        "The provider's file could not be read here (%(detail)s). It is kept as it came: download "
        "it to look at it."
    ),
    "not_delivered": _(
        "Less came than was ordered: %(detail)s. Show it to the provider, or order it again."
    ),
}
LATE = _(
    "It has been with the provider since %(time)s, far longer than usual. Rushes goes on asking. "
    "If it takes much longer, look it up at the provider."
)
# These say that Rushes goes on asking: that it takes long needs no sentence beside them.
STILL_ASKING = frozenset({"not_found", "unknown_state", "unanswered", "no_film"})
# By the first part of the words that ``lifecycle.transitions.undelivered`` writes.
MISSING: Mapping[str, Sentence] = {
    "watermarked": _("the copy with the watermark is missing"),
    "film": _("it is no film"),
    "sound": _("it has no sound"),
    "duration": _("it lasts %(came)s s instead of %(ordered)s s"),
    "resolution": _("it has %(came)s pixels instead of %(ordered)s"),
    "aspect_ratio": _("it has %(came)s pixels instead of the ratio %(ordered)s"),
}


@dataclass(frozen=True, slots=True)
class ClipWarning:
    """One thing that a person must know of a clip; whether she may dismiss it."""

    code: str
    words: str
    is_dismissible: bool = False


def warnings(task: Task) -> list[ClipWarning]:
    """Return all that a person must know of a clip, on its card and on its page."""
    return list(_warnings(task))


def _warnings(task: Task) -> Iterator[ClipWarning]:
    if task.state == TaskState.WAITING and task.obstacle in QUOTING:
        yield ClipWarning(task.obstacle, str(waiting(task)))
    codes = {alarm.code for alarm in task.alarms}
    is_late = task.late_at and task.state in AT_PROVIDER and codes.isdisjoint(STILL_ASKING)
    if is_late and task.accepted_at:
        yield ClipWarning("late", str(LATE) % {"time": when(task.accepted_at)})
    for alarm in task.alarms:
        yield ClipWarning(alarm.code, in_words(alarm), transitions.is_dismissible(task, alarm.code))


def in_words(alarm: Alarm) -> str:
    """Return the sentence of an alarm."""
    known = ALARMS.get(alarm.code)
    if known is None:
        return f"{alarm.code} {alarm.detail}".strip()
    detail = _missing(alarm.detail) if alarm.code == "not_delivered" else alarm.detail
    return str(known) % {"detail": detail}


def _missing(detail: str) -> str:
    """Return what was not delivered: "it has no sound; it has 3.2 s instead of 5 s"."""
    return pgettext("list", "; ").join(map(_missing_part, detail.split()))


def _missing_part(word: str) -> str:
    name, _equals, values = word.partition("=")
    ordered, _more, came = values.partition(">")
    known = MISSING.get(name)
    return str(known) % {"ordered": ordered, "came": came.replace("x", " × ")} if known else word
