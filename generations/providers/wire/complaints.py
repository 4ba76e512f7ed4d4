"""What a reply says against a task or a request: the error word, wherever it stands (1.7).

A word stands in the dialect's own member, inside a sentence, or in an error that another server
quotes as text. The first that somebody knows says most.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache

from generations.providers.contract import Reason, RemoteState

from .objects import CutShort, as_object, parse
from .states import fold, state_of
from .values import WORD_LIMIT, read_identifier, read_word, trim

DEPTH_LIMIT = 4
# What parts a word from a sentence, also in Chinese.
MARKS = re.escape(".:,;\"'([{=/|)]}\u3002\uff0c\uff1b\uff1a\uff01\uff08\uff09\u3010\u3011")
CODE_NAMES = (
    *("reason", "code", "err_code", "errCode", "error_code", "errorCode", "fail_code", "failCode"),
    *("ErrCodeExt", "ErrorCode", "Code"),
)
SENTENCE_NAMES = (
    *("err_msg", "errMsg", "error_msg", "errorMsg", "error_message", "errorMessage", "error"),
    *("fail_reason", "failReason", "fail_msg", "failMsg", "failure_reason", "error_info"),
    *("message", "msg", "Message", "detail", "details", "description", "status_msg"),
)
# A word that only says "no": a sentence beside it may name the cause.
GENERAL = frozenset({fold("BadRequest")})
# Where an error is packed into another.
INNER_NAMES = (*SENTENCE_NAMES, "Error", "errors", "data", "metadata")


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
        if (known := find_word(_texts(layer), reasons))
    ]
    found = [*own, *named]
    if found:
        return next((one for one in found if fold(one.code) not in GENERAL), found[0])
    for layer in reversed(layers):
        for word in _words(layer):
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
        choices = "|".join(f"({'[_-]?'.join(parts[word])})" for word in joined)
        found.append((joined, re.compile(rf"(?<![\w-])(?:{choices})(?![\w-])", re.IGNORECASE)))
    if plain:
        choices = "|".join(f"({re.escape(word)})" for word in plain)
        before, after = rf"(?:^|[{MARKS}]\s*)", rf"(?=\s*(?:$|[{MARKS}]))"
        found.append((plain, re.compile(rf"{before}(?:{choices}){after}")))
    return found


@cache
def _known_words(words: tuple[str, ...]) -> Mapping[str, str]:
    return {fold(word): word for word in words}


def _layers(members: Mapping[str, object], depth: int) -> Iterator[Mapping[str, object]]:
    """The answer, and every error that is packed in it, from outside to inside."""
    if depth <= 0:
        return
    yield members
    for name in filter(members.__contains__, INNER_NAMES):
        inner = _quoted(members[name])
        if inner is not None:
            yield from _layers(inner, depth - 1)


def _quoted(value: object) -> Mapping[str, object] | None:
    """The object that a member is, or that its text has somewhere."""
    if isinstance(value, str) and "{" in value:
        with suppress(CutShort):
            return as_object(parse(value))
        return None
    return as_object(value)


def _words(members: Mapping[str, object]) -> Iterator[str]:
    """The words in the members for words; a ``code`` that is a number is a status."""
    for name, value in ((name, members[name]) for name in CODE_NAMES if name in members):
        word = read_word(value) or read_identifier(value)
        is_status = name in {"code", "Code"} and word.isdigit()
        if word.strip("0") and not is_status and not _is_sentence(word) and not _says_well(word):
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
    """Whether it is a word of a state that is no failure, e.g. in ``"code":"success"``."""
    return state_of(text) in {RemoteState.QUEUED, RemoteState.RUNNING, RemoteState.SUCCEEDED}


def _texts(members: Mapping[str, object]) -> Sequence[str]:
    names = (*CODE_NAMES, *SENTENCE_NAMES, "type")
    return [text for text in map(members.get, names) if isinstance(text, str)]
