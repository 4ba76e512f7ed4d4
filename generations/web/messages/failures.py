"""What an error code means to a person: the cause, and what to do (contract 2.10).

The credits are told apart from the code (``outcome``), for the ledger knows them, not the code.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generations.models import Task
from generations.models.tasks import ADOPTED, AttemptState, TaskState
from generations.providers.catalogue import catalogue
from generations.templatetags.formats import amount

type Sentence = str | Promise


@dataclass(frozen=True, slots=True)
class Words:
    """Why it went wrong and what to do about it; ``quoted`` is the provider's own sentence."""

    cause: Sentence
    remedy: Sentence
    quoted: str = ""


_FIELD = Words(
    _("The provider did not accept one of the settings."),
    _("Change the settings, then send it again."),
)
_PICTURE = Words(
    _("The provider could not use the picture."),
    _("Use another picture, then send it again."),
)
_BUSY = Words(
    _("The provider was too busy to take it."),
    _("Send it again in a few minutes."),
)
_PROMPT = Words(
    _("The provider refused the prompt under its rules."),
    _("Change the words, then send it again."),
)
_WITHHELD = Words(
    _("The clip was made, but the provider withheld it under its rules."),
    _("Change the words, then send it again."),
)
_FETCH = Words(
    _("The provider could not fetch the picture."),
    _("Send it again; if it fails twice, use another picture."),
)
_SHAPE = Words(
    _("The picture was refused: its size, shape or format does not fit."),
    _("Use a PNG, JPEG or WebP between 1:4 and 4:1, then send it again."),
)
_MODEL = Words(
    _("The provider does not offer this model now."),
    _("Choose another model, then send it again."),
)
_FAULT = Words(_("The provider had a fault of its own."), _("Send it again in a few minutes."))
_SPENT = Words(
    _("The account at the provider had too few credits left."),
    _("Top it up at the provider, test the key, then send it again."),
)
_GONE = Words(
    _("The provider does not know this order any more."),
    _("Make it again."),
)

FAILURES: Mapping[str, Words] = {
    "BadRequest": _FIELD,
    "FieldLacking": _FIELD,
    "FieldUnwanted": _FIELD,
    "FieldItemCountOutOfRange": _FIELD,
    "FieldInvalid": _FIELD,
    "PageSizeOutOfRange": _SHAPE,
    "ImageDownloadFailure": _FETCH,
    "ImageFormatInvalid": _PICTURE,
    "ImageCheckBodyJointsFailed": Words(
        _("The provider found no whole body in the picture."),
        _("Use a picture that shows the whole person, then send it again."),
    ),
    "ImageCheckFaceFailed": Words(
        _("The picture was refused because of a face."),
        _("Use another picture, then send it again."),
    ),
    "ImageObjectsUndetected": Words(
        _("The provider found nothing in the picture that it can move."),
        _("Use a picture with a clear subject, then send it again."),
    ),
    "OperationInProcess": _BUSY,
    "TaskPromptPolicyViolation": _PROMPT,
    "AuditSubmitIllegal": Words(
        _("The provider refused the prompt or a picture under its rules."),
        _("Change the words or the picture, then send it again."),
    ),
    "CreationPolicyViolation": _WITHHELD,
    "CreditInsufficient": _SPENT,
    "ModelUnavailable": _MODEL,
    "UserCancelled": Words(
        _("It was cancelled at the provider."), _("Make it again if you want it.")
    ),
    "Unauthorized": Words(
        _("The provider refused the key."),
        _("Replace the key, then send it again."),
    ),
    "Forbidden": Words(
        _("The key may not use this."),
        _("Use another key, or ask the provider for the right, then send it again."),
    ),
    "sealed": Words(
        _("The stored key could not be opened."),
        _("Replace the key, then send it again."),
    ),
    "TaskNotFound": _GONE,
    "CreationNotFound": _GONE,
    "NotFound": _GONE,
    "Conflict": Words(
        _("The provider had a conflicting order."),
        _("Look at the provider's own list, then send it again."),
    ),
    "QuotaExceeded": _BUSY,
    "TooManyRequests": _BUSY,
    "SystemThrottling": _BUSY,
    "InternalServiceFailure": _FAULT,
    # Contract 4.4: a relay's own words.
    "insufficient_user_quota": _SPENT,
    "pre_consume_token_quota_failed": _SPENT,
    # Contract 5.5: APIXO's.
    "CONTENT_VIOLATION": _PROMPT,
    "NSFW_DETECTED": _WITHHELD,
    "SensitiveContentDetected": _PROMPT,
    "PROMPT_TOO_LONG": _FIELD,
    "INVALID_PROMPT": _FIELD,
    "INVALID_IMAGE_URL": _FETCH,
    "IMAGE_DOWNLOAD_FAILED": _FETCH,
    "IMAGE_TOO_LARGE": _SHAPE,
    "UNSUPPORTED_FORMAT": _SHAPE,
    "PROCESSING_TIMEOUT": _FAULT,
    "GENERATION_FAILED": _FAULT,
    "MODEL_UNAVAILABLE": _MODEL,
    "INSUFFICIENT_CREDITS": _SPENT,
    "unreachable": Words(
        _("The provider could not be reached."), _("Send it again in a few minutes.")
    ),
    "garbled": Words(
        _("The provider's answer could not be read."), _("Send it again in a few minutes.")
    ),
    "picture_gone": Words(
        _("A picture of this order is not here any more."),
        _("Give the picture again, then send it again."),
    ),
    "pictures_unreachable": Words(
        _("The provider cannot fetch pictures from this site."),
        _("Use another key, or give the site a public address."),
    ),
    "number_unknown": Words(
        _("The provider does not know this number with this key."),
        _("Look at the number and at the key, then take it in again."),
    ),
    "never_arrived": Words(
        _("Somebody here decided that it never arrived."), _("Make it again if you want it.")
    ),
}

WAITING: Mapping[str, Sentence] = {
    "": _("It goes as soon as the key has a free slot."),
    "rate": _("The key has asked as often as it may this minute; it goes within a moment."),
    "paused": _("The key is paused. It goes when the key passes a test."),
    "copied": _("Nothing is sent from a copied or restored Rushes until an operator releases it."),
    "stopped": _("An operator has stopped all ordering; it goes when that is over."),
    "team_stopped": _("Ordering is stopped for this team; it goes when an owner allows it again."),
    "low_disk": _("The disk of this server is nearly full; it goes when there is room."),
    "QuotaExceeded": _("The provider runs as many as it allows at once; it goes when one ends."),
    "unreachable": _("The provider could not be reached; it is tried again by itself."),
}

KINDS: Mapping[str, Sentence] = {
    "text2video": _("text to video"),
    "img2video": _("picture to video"),
    "start-end2video": _("first and last frame"),
    "reference2video": _("references to video"),
    ADOPTED: _("made elsewhere"),
    "ad-one-click": _("ad film"),
    "ad-footage": _("take of a film"),
    "ad-narration": _("narration of a film"),
    "ad-music": _("music of a film"),
    "ad-compose": _("cut of a film"),
}

ALARMS: Mapping[str, Sentence] = {
    "taken_after_all": _(
        "The provider took an order that was given up here, as %(detail)s. It may cost credits: "
        "look at the provider's own list."
    ),
    "contradicted": _(
        "The provider said “%(detail)s” after it had ended otherwise. Nothing was changed here."
    ),
    "not_found": _(
        "The provider does not find %(detail)s any more. It is asked again; the credits stay held."
    ),
}

REFUSALS: Mapping[str, Sentence] = {
    "too_late": _("It went on meanwhile; nothing was changed."),
    "number_taken": _("That number belongs to another clip here; nothing was changed."),
    "another_order": _("That number is another order at the provider; nothing was changed."),
}


def failure(code: str, message: str) -> Words:
    """The words for a code; an unknown one gets an honest general sentence."""
    known = FAILURES.get(code)
    if known:
        return Words(known.cause, known.remedy, message)
    cause = _("The provider refused it for a reason that we have no words for.")
    return Words(cause, _("Read what it said, change the order, then send it again."), message)


def waiting(reason: str) -> Sentence:
    """Why a task still waits, and that it needs no hand."""
    return WAITING.get(reason) or _(
        "The provider could not take it yet; it is tried again by itself."
    )


def alarm(task: Task) -> str:
    """What a person must know of this task; "" when nothing."""
    code, _space, detail = task.alarm.partition(" ")
    return ALARMS[code] % {"detail": detail} if code in ALARMS else task.alarm


def refusal(code: str, message: str) -> Sentence:
    """Why a person's decision changed nothing."""
    known = REFUSALS.get(code)
    if known:
        return known
    said = message or code
    return gettext("The provider does not confirm that number: %(said)s. Nothing was changed.") % {
        "said": said
    }


def kind(task: Task) -> Sentence:
    """What a task makes its clip from."""
    return KINDS.get(task.kind, task.kind)


def unit(task: Task) -> str:
    """What a task's amounts count in, e.g. ``credit``."""
    return catalogue(task.credential.kind).unit


def cost(task: Task) -> int:
    """What a finished task was charged, as far as we know (its attempts are read already)."""
    taken = [one for one in task.attempts.all() if one.state == AttemptState.ACCEPTED]
    if task.state == TaskState.SUCCEEDED:
        return sum(one.estimate if one.cost is None else one.cost for one in taken)
    return sum(one.cost or 0 for one in taken) if task.is_final else 0


def estimate(task: Task) -> int:
    """What was held for the last attempt."""
    return max(task.attempts.all(), key=lambda one: one.ordinal).estimate if task.pk else 0


def outcome(task: Task) -> str:
    """What became of the credits of a task that brought no clip."""
    if charged := cost(task):
        return gettext("%(amount)s were charged.") % {"amount": amount(charged, unit(task))}
    held = estimate(task)
    if not held or task.state == TaskState.CANCELLED:
        return gettext("Nothing was charged.")
    return gettext("Your %(amount)s came back.") % {"amount": amount(held, unit(task))}
