"""Verdicts: whether the provider's amounts agree with ours, as an icon and a sentence."""

from django.utils.html import format_html
from django.utils.translation import gettext

from generations.models import Attempt, Claim, Entry
from generations.models.ledger import CLOSING, EntryKind
from generations.models.statements import ClaimDecision
from generations.models.tasks import AttemptState
from generations.templatetags.formats import figure, icon

ICONS = {
    "agrees": "check",
    "differs": "triangle-alert",
    "unclear": "circle-question-mark",
    "disputed": "circle-alert",
}


def verdict(entry: Entry) -> str:
    """Compare an entry with its statement, or without one the reply with the estimate."""
    tone, words = _judge(entry)
    if not tone:
        return words
    return format_html('<span class="verdict {}">{} {}</span>', tone, icon(ICONS[tone], 14), words)


def _judge(entry: Entry) -> tuple[str, str]:
    attempt: Attempt | None = entry.attempt
    if attempt is None:
        return "", "–"
    if entry.kind == EntryKind.HOLD:
        held = attempt.state == AttemptState.UNCLEAR
        return ("unclear", gettext("Unclear, held")) if held else ("", "–")
    claim: Claim | None = getattr(attempt, "claim", None)
    if claim and entry.kind in {*CLOSING, EntryKind.CORRECT}:
        return of_claim(claim)
    return _of_reply(attempt, entry) if entry.kind == EntryKind.SETTLE else ("", "–")


def of_claim(claim: Claim) -> tuple[str, str]:
    """Return a tone and words: what statements say beside the ledger."""
    if claim.decision == ClaimDecision.ACCEPTED and not claim.differs:
        return "agrees", gettext("Accepted")
    if not claim.differs:
        return "agrees", gettext("Agrees")
    amount = figure(abs(claim.difference), claim.unit)
    more = claim.difference > 0
    words = gettext("%(n)s more than booked") if more else gettext("%(n)s less than booked")
    if claim.decision == ClaimDecision.DISPUTED:
        return "disputed", gettext("Disputed: %(words)s") % {"words": words % {"n": amount}}
    return "differs", words % {"n": amount}


def _of_reply(attempt: Attempt, entry: Entry) -> tuple[str, str]:
    if attempt.cost is None:
        return "unclear", gettext("The provider reported no cost")
    difference = attempt.cost - attempt.estimate
    if not difference:
        return "", gettext("No statement yet")
    words = (
        gettext("%(n)s more than estimated")
        if difference > 0
        else gettext("%(n)s less than estimated")
    )
    return "", words % {"n": figure(abs(difference), entry.unit)}
