"""What a provider told of a clip, for its page: the raw replies, its times, its own words."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain

import msgspec
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from generations.models import Attempt, Task
from generations.templatetags.formats import dated
from generations.web.messages.reasons import Sentence

INDENT = 2
TIMES = {
    "created_at": pgettext_lazy("provider", "Created at provider"),
    "started_at": pgettext_lazy("provider", "Started at provider"),
    "finished_at": pgettext_lazy("provider", "Finished at provider"),
}


@dataclass(frozen=True, slots=True)
class RawReply:
    """One reply as people can read it; ``attempt`` names its try where there were several."""

    word: Sentence
    text: str
    attempt: str = ""


def raw_replies(attempts: Iterable[Attempt]) -> list[RawReply]:
    """Return the answer to each order, and the first and the last answer to a question."""
    rows = list(attempts)
    replies = chain.from_iterable(_of_attempt(row, several=len(rows) > 1) for row in rows)
    return list(replies)


def _of_attempt(attempt: Attempt, *, several: bool) -> Iterator[RawReply]:
    name = gettext("try %(number)s") % {"number": attempt.ordinal} if several else ""
    first, last = attempt.first_report, attempt.report
    if attempt.reply:
        yield RawReply(_("Answer to the order"), pretty(attempt.reply), name)
    if first and first != last:
        yield RawReply(_("First report"), pretty(first), name)
    if last:
        yield RawReply(_("Last report"), pretty(last), name)


def pretty(raw: str) -> str:
    """Return a reply with one member in each line where it is JSON; no value of it is changed."""
    try:
        return msgspec.json.format(raw, indent=INDENT)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return raw


def facts_at_provider(task: Task) -> list[tuple[Sentence, str]]:
    """Return the provider's own word for the state and its own times."""
    facts: list[tuple[Sentence, str]] = []
    if task.state_word:
        facts.append((_("State at provider"), task.state_word))
    for name, word in TIMES.items():
        if at := _instant(str(task.echoed.get(name, ""))):
            facts.append((word, at))
    return facts


def _instant(text: str) -> str:
    """Return a moment in Unix seconds as people read it; without a zone it stays as it came."""
    try:
        at = datetime.fromtimestamp(float(text), UTC)
    except (ValueError, OverflowError, OSError):
        return text
    return f"{dated(at)}:{at:%S}"
