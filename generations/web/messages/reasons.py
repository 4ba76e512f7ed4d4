"""What a ``Reason`` means to a person: the cause, and what to do. One table for all providers.

``tasks.outcome`` tells what became of the credits: the ledger knows that, not the reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generations.providers.contract import Reason

type Sentence = str | Promise


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why it went wrong and what to do; ``quoted`` is the provider's own sentence."""

    cause: Sentence
    remedy: Sentence
    quoted: str = ""
    needs_new_key: bool = False


_CHANGE_PICTURE = _("Use another picture, then send it again.")
_CHANGE_WORDS = _("Change the prompt, then send it again.")
_CHANGE_CLIP = _("Use a clip with one clear face that looks at the camera, then send it again.")
_WAIT = _("Send it again in a few minutes.")

# Why an order was refused or failed.
ORDERS: Mapping[Reason, Explanation] = {
    Reason.PROMPT_REFUSED: Explanation(
        _("The provider refused the prompt under its rules."), _CHANGE_WORDS
    ),
    Reason.CONTENT_REFUSED: Explanation(
        _("The provider refused the prompt or a picture under its rules."),
        _("Change the prompt or the picture, then send it again."),
    ),
    Reason.RESULT_WITHHELD: Explanation(
        _("The clip was made, but the provider withheld it under its rules."), _CHANGE_WORDS
    ),
    Reason.SETTING_REFUSED: Explanation(
        _("The provider did not accept one of the settings."),
        _("Change the settings, then send it again."),
    ),
    Reason.PICTURE_UNUSABLE: Explanation(
        _("The provider could not use the picture."), _CHANGE_PICTURE
    ),
    Reason.PICTURE_UNFIT: Explanation(
        _("The picture was refused: its size, shape or format does not fit."),
        _("Use a PNG, JPEG or WebP between 1:4 and 4:1, then send it again."),
    ),
    Reason.PICTURE_NOT_FETCHED: Explanation(
        _("The provider could not fetch the picture."),
        _("Send it again; if it fails twice, use another picture."),
    ),
    Reason.PICTURE_WITHOUT_BODY: Explanation(
        _("The provider found no whole body in the picture."),
        _("Use a picture that shows the whole person, then send it again."),
    ),
    Reason.PICTURE_FACE_REFUSED: Explanation(
        _("The picture was refused because of a face."), _CHANGE_PICTURE
    ),
    Reason.PICTURE_WITHOUT_SUBJECT: Explanation(
        _("The provider found nothing in the picture that it can move."),
        _("Use a picture with a clear subject, then send it again."),
    ),
    Reason.NAME_TAKEN: Explanation(
        _("The account keeps a subject of this name already."),
        _("Choose another name, then send it again."),
    ),
    Reason.FILM_NOT_FETCHED: Explanation(
        _("The provider could not fetch the clip that this is made from."),
        _("Send it again; if it fails twice, use another clip."),
    ),
    Reason.FILM_UNUSABLE: Explanation(
        _("The provider could not read the clip that this is made from."),
        _("Use another clip, then send it again."),
    ),
    Reason.FILM_WITHOUT_FACE: Explanation(
        _("The provider found no face in the clip whose lips could move."), _CHANGE_CLIP
    ),
    Reason.FILM_WITH_FACES: Explanation(
        _("The provider found several faces in the clip."), _CHANGE_CLIP
    ),
    Reason.FILM_FACE_REFUSED: Explanation(
        _("The provider could not use the face in the clip."), _CHANGE_CLIP
    ),
    Reason.MODEL_UNAVAILABLE: Explanation(
        _("The provider does not offer this model now."),
        _("Choose another model, then send it again."),
    ),
    Reason.BUSY: Explanation(_("The provider was too busy to accept it."), _WAIT),
    Reason.SLOTS_TAKEN: Explanation(_("The provider was too busy to accept it."), _WAIT),
    Reason.PROVIDER_FAULT: Explanation(_("The provider had an error of its own."), _WAIT),
    Reason.CONFLICT: Explanation(
        _("The provider had a conflicting order."),
        _("Check the provider's own task list, then send it again."),
    ),
    Reason.NOT_FOUND: Explanation(
        _("The provider does not know this order any more."), _("Make it again.")
    ),
    Reason.CANCELLED: Explanation(
        _("It was cancelled at the provider."), _("Make it again if you want it.")
    ),
    Reason.CREDITS_SPENT: Explanation(
        _("The account at the provider had too few credits left."),
        _("Top it up at the provider, test the key, then send it again."),
    ),
    Reason.KEY_REFUSED: Explanation(
        _("The provider refused the key."), _("Replace the key, then send it again.")
    ),
    Reason.KEY_NOT_ALLOWED: Explanation(
        _("The key may not use this."),
        _("Use another key, or ask the provider for the right, then send it again."),
    ),
    Reason.KEY_SEALED: Explanation(
        _("The stored key could not be decrypted."), _("Replace the key, then send it again.")
    ),
    Reason.UNREACHABLE: Explanation(_("The provider could not be reached."), _WAIT),
    Reason.UNREADABLE: Explanation(_("The provider's answer could not be read."), _WAIT),
    Reason.SOURCE_GONE: Explanation(
        _("The clip or the sound that this is made from is not here any more."),
        _("Choose another one, then send it again."),
    ),
    Reason.SOURCE_UNREACHABLE: Explanation(
        _("The provider cannot fetch clips from this site."),
        _("Use another key, or give the site a public address."),
    ),
    Reason.PICTURE_GONE: Explanation(
        _("A picture of this order is not here any more."),
        _("Upload the picture again, then send it again."),
    ),
    Reason.PICTURES_UNREACHABLE: Explanation(
        _("The provider cannot fetch pictures from this site."),
        _("Use another key, or give the site a public address."),
    ),
    Reason.IMPORT_NOT_FOUND: Explanation(
        _("The provider does not know this id with this key."),
        _("Check the id and the key, then import it again."),
    ),
    Reason.REDIRECTED: Explanation(
        _("The address of the key leads to another address. Nothing was ordered there."),
        _("Correct the key's address, then send it again."),
    ),
    Reason.GATEWAY: Explanation(
        _("Something before the provider answered in its place: a proxy or a firewall."),
        _("Check the key's address, then send it again."),
    ),
    Reason.NO_ANSWER: Explanation(_("The provider did not answer."), _WAIT),
    Reason.NEVER_ARRIVED: Explanation(
        _("A member decided that the provider never received it."),
        _("Make it again if you want it."),
    ),
}

# Why a key is paused or failed its test.
KEYS: Mapping[Reason, Explanation] = {
    Reason.KEY_PAUSED: Explanation(
        _("A member of the team paused it."), _("Resume it when it may send again.")
    ),
    Reason.KEY_REMOVED: Explanation(
        _("A member of the team removed this key."), _("Choose another key.")
    ),
    Reason.KEY_REFUSED: Explanation(
        _("The provider refused this key."),
        _("Replace it with one that works."),
        needs_new_key=True,
    ),
    Reason.KEY_MALFORMED: Explanation(
        _("The key has characters that cannot be sent."),
        _("Copy it again from the provider and replace it."),
        needs_new_key=True,
    ),
    Reason.KEY_NOT_ALLOWED: Explanation(
        _("The provider does not allow this key to order."),
        _("Replace it, or have its rights changed at the provider."),
        needs_new_key=True,
    ),
    Reason.CREDITS_SPENT: Explanation(
        _("No credits are left at the provider."), _("Top up there, then test the key.")
    ),
    Reason.ACCOUNT_SETTING_INVALID: Explanation(
        _("A setting of this key cannot be sent to the provider."),
        _("Open the key's settings and correct them, then test it."),
    ),
    Reason.KEY_SEALED: Explanation(
        _("This server cannot decrypt the stored key."),
        _("Replace the key, or restore the old encryption key of the server."),
        needs_new_key=True,
    ),
    Reason.UNREACHABLE: Explanation(
        _("The provider could not be reached."), _("Check the address, then test again.")
    ),
    Reason.NO_ANSWER: Explanation(
        _("The provider did not answer in time."), _("Test again in a minute.")
    ),
    Reason.REDIRECTED: Explanation(
        _("This address leads to another address."), _("Correct the key's address, then test it.")
    ),
    Reason.GATEWAY: Explanation(
        _("Something before the provider answered in its place: a proxy or a firewall."),
        _("Check the address, then test again."),
    ),
}


def explain_order(reason: str, code: str, message: str) -> Explanation:
    """Explain why an order failed; a reason without a sentence gets an honest general one."""
    found = _as_reason(reason)
    if known := ORDERS.get(found) or KEYS.get(found):
        return Explanation(known.cause, known.remedy, message)
    cause = _("The provider refused it for a reason that Rushes does not know.")
    remedy = _("Read the provider's message, change the order, then send it again.")
    return Explanation(cause, remedy, message or code)


def explain_key(reason: str, message: str = "") -> Explanation:
    """Explain why a key is paused or failed its test, else quote the provider."""
    known = KEYS.get(_as_reason(reason))
    if known:
        return replace(known, quoted=message)
    cause = gettext("The provider answered “%(answer)s”.") % {"answer": message or reason}
    return Explanation(cause, _("Test the key again, or replace it."), needs_new_key=True)


def _as_reason(text: str) -> Reason:
    """Return a stored word as a Reason; OTHER where an older or newer Rushes wrote it."""
    return Reason(text) if text in Reason else Reason.OTHER
