"""What a person reads of a task: its kind, why it waits, its alarms, what became of its credits."""

from collections.abc import Mapping

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generations.models import Task
from generations.models.tasks import IMPORTED, AttemptState, TaskState
from generations.providers.catalogue import catalogue
from generations.providers.contract import Reason, TaskKind
from generations.templatetags.formats import amount

from .reasons import Sentence

WAITING: Mapping[str, Sentence] = {
    "": _("It is sent as soon as the key has a free slot."),
    "rate": _("The key has used its requests of this minute. It is sent in a moment."),
    "paused": _("The key is paused. It is sent when the key passes a test."),
    "copied": _("A copied or restored Rushes sends nothing until an operator allows ordering."),
    "stopped": _(
        "An operator has stopped all ordering. It is sent when ordering is allowed again."
    ),
    "team_stopped": _(
        "Ordering is stopped for this team. It is sent when an owner allows ordering again."
    ),
    "low_disk": _("The server's disk is nearly full. It is sent when there is space."),
    Reason.SLOTS_TAKEN: _(
        "The provider runs as many tasks as it allows at once. It is sent when one ends."
    ),
    Reason.UNREACHABLE: _("The provider could not be reached. Rushes tries again automatically."),
}

KINDS: Mapping[str, Sentence] = {
    TaskKind.TEXT_TO_VIDEO: _("text to video"),
    TaskKind.IMAGE_TO_VIDEO: _("picture to video"),
    TaskKind.FRAMES_TO_VIDEO: _("first and last frame"),
    TaskKind.REFERENCES_TO_VIDEO: _("references to video"),
    IMPORTED: _("made in another tool"),
    TaskKind.FILM: _("ad film"),
    TaskKind.SHOT_TAKE: _("take of a film"),
    TaskKind.NARRATION_TAKE: _("narration of a film"),
    TaskKind.MUSIC_TAKE: _("music of a film"),
    TaskKind.FILM_CUT: _("cut of a film"),
}

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
}

REFUSALS: Mapping[str, Sentence] = {
    "too_late": _("The order has changed in the meantime. Nothing was changed here."),
    "remote_id_taken": _("That ID belongs to another clip here; nothing was changed."),
    "another_order": _("That ID is another order at the provider; nothing was changed."),
}


def waiting(obstacle: str) -> Sentence:
    """Return why a task still waits, and that nobody needs to do anything."""
    return WAITING.get(obstacle) or _(
        "The provider could not accept it yet. Rushes tries again automatically."
    )


def alarm(task: Task) -> str:
    """Return what a person must know of this task; "" for nothing."""
    code, _space, detail = task.alarm.partition(" ")
    return ALARMS[code] % {"detail": detail} if code in ALARMS else task.alarm


def refusal(code: str, message: str) -> Sentence:
    """Return why a person's decision changed nothing."""
    known = REFUSALS.get(code)
    if known:
        return known
    return gettext("The provider does not confirm that ID: %(reason)s. Nothing was changed.") % {
        "reason": message or code
    }


def kind(task: Task) -> Sentence:
    """Return what a task makes its clip from."""
    return KINDS.get(task.kind, task.kind)


def unit(task: Task) -> str:
    """Return the unit of a task's amounts, e.g. ``credit``."""
    return catalogue(task.credential.kind).unit


def cost(task: Task) -> int:
    """Return what a finished task was charged, as far as we know; its attempts are prefetched."""
    taken = [one for one in task.attempts.all() if one.state == AttemptState.ACCEPTED]
    if task.state == TaskState.SUCCEEDED:
        # A provider that names no price at the end has charged the estimate, as far as we know.
        return sum(one.estimate if one.cost is None else one.cost for one in taken)
    return sum(one.cost or 0 for one in taken) if task.is_final else 0


def estimate(task: Task) -> int:
    """Return what was held for the last attempt."""
    return max(task.attempts.all(), key=lambda one: one.ordinal).estimate if task.pk else 0


def outcome(task: Task) -> str:
    """Return what became of the credits of a task that brought no clip."""
    if charged := cost(task):
        return gettext("%(amount)s were charged.") % {"amount": amount(charged, unit(task))}
    held = estimate(task)
    if not held or task.state == TaskState.CANCELLED:
        return gettext("Nothing was charged.")
    return gettext("Your %(amount)s were refunded.") % {"amount": amount(held, unit(task))}
