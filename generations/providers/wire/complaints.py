"""What a reply says against a task or a request: the error word, wherever it stands (1.7).

A word stands in the dialect's own member, inside a sentence, or in an error that another server
quotes as text. The first that somebody knows says most.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import filterfalse
from typing import cast

from generations.providers.contract import Reason, RemoteState

from .objects import CutShort, as_objects, parse
from .states import fold, read_state_word, state_of
from .values import WORD_LIMIT, fold_name, read_identifier, read_word, says_nothing, trim

DEPTH_LIMIT = 4
LIST_LIMIT = 20
# What parts a word from a sentence, also in Chinese.
MARKS = re.escape(".:,;\"'([{=/|)]}\u3002\uff0c\uff1b\uff1a\uff01\uff08\uff09\u3010\u3011")
# Names as ``fold_name`` leaves them.
CODE_NAMES = (
    *("reason", "code", "errcode", "errorcode", "failcode", "failurecode", "errcodeext"),
    *("errorreason", "errortype", "subcode"),
)
SENTENCE_NAMES = (
    *("errmsg", "errormsg", "errormessage", "error", "err", "failreason"),
    *("failmsg", "failedreason"),
    *("failurereason", "failuremessage", "failure", "errorinfo", "errordetail", "rejectreason"),
    *("blockreason", "message", "msg", "detail", "details", "description", "desc", "statusmsg"),
    *("statusmessage", "statusreason", "taskstatusmsg", "taskstatusmessage", "taskmessage"),
    *("resultmsg", "resultmessage", "retmsg", "rawmessage", "cause", "errors"),
)
# A word that only says "no": a sentence beside it may name the cause.
GENERAL = frozenset(map(fold, ("BadRequest", "Unknown", "GENERATION_FAILED")))
# Where an error is packed into another.
INNER_NAMES = (
    *SENTENCE_NAMES,
    *("data", "task", "metadata", "creations", "innererror", "originalerror"),
    *("upstream", "upstreamerror"),
    *("providererror", "baseresp", "output", "result", "extra", "raw", "rawresponse", "response"),
    *("upstreamresponse", "body"),
)


@dataclass(frozen=True, slots=True)
class Complaint:
    """An error word and a sentence; "" where the reply has none.

    ``is_known``: the table has the word. ``is_own``: it stood as a word in a member for it, and was
    not found inside a sentence.
    """

    code: str = ""
    message: str = ""
    is_known: bool = False
    is_own: bool = False


def read_complaint(
    members: Mapping[str, object] | None, reasons: Mapping[str, Reason]
) -> Complaint:
    """The word and the sentence of an error, also one that is quoted as text in another.

    A word of ``reasons`` comes first, then the innermost word, which is nearest to the cause.
    """
    layers = list(_layers(members or {}, DEPTH_LIMIT))
    known_words = _known_words(tuple(reasons))
    sentence = next(filter(None, map(_sentence, layers)), "")
    own = [
        Complaint(known, _sentence(layer) or sentence, is_known=True, is_own=True)
        for layer in layers
        for word in _words(layer)
        if (known := known_words.get(fold(word)))
    ]
    named = [
        Complaint(known, _sentence(layer) or sentence, is_known=True)
        for layer in layers
        for text in _texts(layer)
        if (known := find_word([text], reasons))
    ]
    found = [*own, *named]
    if found:
        return next((one for one in found if fold(one.code) not in GENERAL), found[0])
    for layer in reversed(layers):
        for word in filterfalse(_says_well, _words(layer)):
            return Complaint(word, _sentence(layer) or sentence, is_own=True)
    return Complaint(message=sentence)


def find_word(texts: Sequence[str], reasons: Mapping[str, Reason]) -> str:
    """The first error word of a table in some texts, as the table spells it; "" for none.

    A word counts in any case and with its parts joined by ``_`` or ``-``, but only as a whole. One
    that is also plain English, as Forbidden, counts only as it is spelled and between marks.
    """
    for text in texts:
        for words, pattern in _patterns(tuple(reasons)) if text else ():
            if match := pattern.search(text):
                return words[match.lastindex - 1] if match.lastindex else ""
    return ""


@cache
def _patterns(words: tuple[str, ...]) -> Sequence[tuple[Sequence[str], re.Pattern[str]]]:
    """For words of several parts and for those of one: the words, each a group of a pattern."""
    parts = {word: re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", word) for word in words}
    longest_first = sorted(words, key=len, reverse=True)
    joined = [word for word in longest_first if len(parts[word]) > 1]
    plain = [word for word in longest_first if len(parts[word]) == 1]
    found: list[tuple[Sequence[str], re.Pattern[str]]] = []
    if joined:
        choices = "|".join(_choice(parts[word]) for word in joined)
        # Chinese has no blanks around a word.
        pattern = rf"(?<![A-Za-z0-9_-])(?:{choices})(?![A-Za-z0-9_-])"
        found.append((joined, re.compile(pattern, re.IGNORECASE)))
    if plain:
        choices = "|".join(f"({re.escape(word)})" for word in plain)
        before, after = rf"(?:^|[{MARKS}]\s*)", rf"(?=\s*(?:$|[{MARKS}]))"
        found.append((plain, re.compile(rf"{before}(?:{choices}){after}")))
    return found


def _choice(parts: Sequence[str]) -> str:
    """One word as a group. Languages add to it: ``ErrTaskNotFound``, ``TaskNotFoundException``.

    A word of two parts may be any library's with that: NotFoundException.
    """
    word = f"({'[_-]?'.join(parts)})"
    return f"(?:err(?:or)?[_-]?)?{word}(?:[_-]?(?:error|exception))?" if len(parts) > 2 else word


@cache
def _known_words(words: tuple[str, ...]) -> Mapping[str, str]:
    return {fold(word): word for word in words}


def _layers(members: Mapping[str, object], depth: int) -> Iterator[Mapping[str, object]]:
    """The answer, and every error that is packed in it, from outside to inside; names folded."""
    if depth <= 0:
        return
    folded: dict[str, object] = {}
    for name, value in members.items():
        folded.setdefault(fold_name(name), _joined(value))
    yield folded
    for name in filter(folded.__contains__, INNER_NAMES):
        for inner in _quoted(folded[name]):
            yield from _layers(inner, depth - 1)


def _joined(value: object) -> object:
    """A list of texts as one text, and any other value as it is."""
    is_list = isinstance(value, list) and value and all(isinstance(each, str) for each in value)
    return "; ".join(cast("list[str]", value)) if is_list else value


def _quoted(value: object) -> Sequence[Mapping[str, object]]:
    """The objects that a member is, or that its text has somewhere."""
    if isinstance(value, str):
        with suppress(CutShort):
            return as_objects(parse(value)) if "{" in value else ()
        return ()
    return as_objects(value)[:LIST_LIMIT]


def _words(members: Mapping[str, object]) -> Iterator[str]:
    """The words in the members for words; a ``code`` that is a number is a status."""
    for name, value in ((name, members[name]) for name in CODE_NAMES if name in members):
        inner = read_state_word(value) if isinstance(value, Mapping) else ""
        word = read_word(value) or read_identifier(value) or read_word(inner)
        is_status = name == "code" and word.isdigit()
        if word and not is_status and not _is_sentence(word):
            yield word


def _is_sentence(text: str) -> bool:
    return len(text.split()) > 1 or len(text) >= WORD_LIMIT


def _sentence(members: Mapping[str, object]) -> str:
    """The first sentence, without one that only says that all is well."""
    texts = [(name, members[name]) for name in SENTENCE_NAMES + CODE_NAMES if name in members]
    for name, text in texts:
        sentence = trim(text) if isinstance(text, str) else ""
        is_word = name in CODE_NAMES and not _is_sentence(sentence)
        if sentence and not is_word and not _says_well(sentence):
            return sentence
    return ""


def _says_well(text: str) -> bool:
    """Whether it is a word for nothing, or of a state that is no failure: ``"code":"success"``."""
    return says_nothing(text) or state_of(text) in {
        RemoteState.QUEUED,
        RemoteState.RUNNING,
        RemoteState.SUCCEEDED,
    }


def _texts(members: Mapping[str, object]) -> Sequence[str]:
    names = (*CODE_NAMES, *SENTENCE_NAMES, "type")
    return [text for text in map(members.get, names) if isinstance(text, str)]
