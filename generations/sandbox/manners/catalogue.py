"""All manners by their words, and those that a task plays."""

from functools import lru_cache
from typing import NamedTuple

from generations.sandbox.directives import Directives

from .amounts import COST_MANNERS, ID_MANNERS
from .codings import CALLBACK_MANNERS, CODING_MANNERS, JSON_MANNERS
from .failures import ECHO_MANNERS, REFUSAL_MANNERS
from .interruptions import PROXY_MANNERS
from .links import DEAD_MANNERS, DELIVERY_MANNERS, FILE_MANNERS, LATE_MANNERS, LINK_MANNERS
from .manner import KINDS, Manner
from .results import MANNERS as RESULT_MANNERS
from .states import MANNERS as STATE_MANNERS

_IN_ANY_ORDER = (
    *STATE_MANNERS,
    *RESULT_MANNERS,
    *ID_MANNERS,
    *JSON_MANNERS,
    *CODING_MANNERS,
    *COST_MANNERS,
    *PROXY_MANNERS,
    *LATE_MANNERS,
    *DEAD_MANNERS,
    *LINK_MANNERS,
    *FILE_MANNERS,
    *REFUSAL_MANNERS,
    *DELIVERY_MANNERS,
    *CALLBACK_MANNERS,
    *ECHO_MANNERS,
)
# By kind, for the page; a kind's own manners keep their order.
MANNERS = tuple(sorted(_IN_ANY_ORDER, key=lambda manner: list(KINDS).index(manner.kind)))
# Those that any clip can show; and those of ad films.
LISTED = tuple(each for each in MANNERS if not each.stops_key and not each.on_films)
OF_FILMS = tuple(each for each in MANNERS if each.on_films)
BY_WORD = {manner.word.lower(): manner for manner in MANNERS}


class Played(NamedTuple):
    """A manner of a task; `number` stood behind its word."""

    manner: Manner
    number: int | None = None


@lru_cache(maxsize=1024)
def played(dialect: str, phrases: tuple[str, ...]) -> tuple[Played, ...]:
    """The manners that these directives name and that fit the dialect."""
    found = [_read(phrase.lower()) for phrase in phrases]
    return tuple(each for each in found if each and dialect in each.manner.dialects)


def complete(dialect: str, directives: Directives) -> Directives:
    """The directives, and those that their manners imply."""
    implied = (each.manner.implied for each in played(dialect, directives.phrases))
    more = tuple(phrase for phrases in implied for phrase in phrases)
    return Directives(directives.phrases + more) if more else directives


def _read(phrase: str) -> Played | None:
    if phrase in BY_WORD:
        return Played(BY_WORD[phrase])
    word, _, number = phrase.rpartition(" ")
    if word in BY_WORD and number.isdecimal():
        return Played(BY_WORD[word], int(number))
    return None
