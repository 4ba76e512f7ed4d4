"""What a person reads of a task: its kind, why it waits, what became of its credits."""

from collections.abc import Mapping

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generations.models import Task
from generations.models.tasks import IMPORTED, AttemptState, TaskState
from generations.providers.catalogue import catalogue
from generations.providers.contract import Reason, TaskKind
from generations.templatetags.formats import amount, sentences

from .reasons import Sentence

MOST_QUOTED = 200  # of a page of a proxy
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
    Reason.GATEWAY: _(
        "Something before the provider answered in its place, for example a proxy or a firewall. "
        "Rushes tries again automatically."
    ),
    Reason.REDIRECTED: _(
        "The address of the key leads to another address. Correct the key's address."
    ),
}
# Obstacles in whose sentence people need what was answered.
QUOTING = (Reason.GATEWAY, Reason.REDIRECTED)

KINDS: Mapping[str, Sentence] = {
    TaskKind.TEXT_TO_VIDEO: _("text to video"),
    TaskKind.IMAGE_TO_VIDEO: _("picture to video"),
    TaskKind.FRAMES_TO_VIDEO: _("first and last frame"),
    TaskKind.REFERENCES_TO_VIDEO: _("references to video"),
    TaskKind.REFERENCES_TO_IMAGE: _("picture from words"),
    TaskKind.TEXT_TO_SPEECH: _("speech"),
    TaskKind.LIP_SYNC: _("lip-sync"),
    TaskKind.UPSCALE: _("upscale"),
    TaskKind.SUBJECT: _("kept subject"),
    IMPORTED: _("made in another tool"),
    TaskKind.FILM: _("ad film"),
    TaskKind.SHOT_TAKE: _("take of a film"),
    TaskKind.NARRATION_TAKE: _("narration of a film"),
    TaskKind.MUSIC_TAKE: _("music of a film"),
    TaskKind.FILM_CUT: _("cut of a film"),
}

REFUSALS: Mapping[str, Sentence] = {
    "too_late": _("The order has changed in the meantime. Nothing was changed here."),
    "remote_id_taken": _("That ID belongs to another clip here; nothing was changed."),
    "another_order": _("That ID is another order at the provider; nothing was changed."),
    "remote_id_unreadable": _(
        "That cannot be an ID: it is empty, too long, or has letters that nobody can see. Nothing "
        "was changed."
    ),
}


def waiting(task: Task) -> Sentence:
    """Return why a task still waits, and whether somebody must do something."""
    why = WAITING.get(task.obstacle) or _(
        "The provider could not accept it yet. Rushes tries again automatically."
    )
    if task.obstacle not in QUOTING or not task.message:
        return why
    answered = gettext("It was answered: “%(message)s”.") % {"message": task.message[:MOST_QUOTED]}
    return sentences(why, answered)


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


def cost(task: Task) -> int | None:
    """Return what a task is booked with; None where it has ended and nobody knows what it cost.

    Its attempts are prefetched.
    """
    attempts = task.attempts.all()
    taken = [one for one in attempts if one.state == AttemptState.ACCEPTED]
    if task.state == TaskState.SUCCEEDED and any(one.booked is None for one in taken):
        return None
    return sum(one.booked or 0 for one in attempts)


def estimate(task: Task) -> int | None:
    """Return what was held for the last attempt; None where nobody knew what it will cost."""
    return max(task.attempts.all(), key=lambda one: one.ordinal).estimate if task.pk else 0


def outcome(task: Task) -> str:
    """Return what became of the credits of a task that brought no clip."""
    if charged := cost(task):
        return gettext("%(amount)s were charged.") % {"amount": amount(charged, unit(task))}
    held = estimate(task)
    if not held or task.state == TaskState.CANCELLED:
        return gettext("Nothing was charged.")
    return gettext("Your %(amount)s were refunded.") % {"amount": amount(held, unit(task))}
