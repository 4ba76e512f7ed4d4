"""JSON as providers and their gateways really send it (docs/wire.md, 1.7).

A body is read as JSON first. Where it is none, it is read again as something near to it: text or
markup around the object, several objects, comments, commas too many, quotes that nobody escaped, an
end that is missing.
"""

import codecs
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from html import unescape
from typing import cast

from .states import STATE_MEMBERS
from .values import TASK_IDS

# A reply may repeat an order, whose own limit is 20 MB (docs/wire.md, 2.4).
BODY_LIMIT = 32 * 1024 * 1024
DEPTH_LIMIT = 100
# How often JSON may be packed as text into JSON.
PACKING_LIMIT = 3
DIGITS_LIMIT = 400  # of one integer

ESCAPE = re.compile(
    r"\\(?:(?P<pair>u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})"
    r"|(?P<valid>u[0-9a-fA-F]{4}|[\"\\/bfnrt])"
    r"|(?P<cut>u[0-9a-fA-F]{0,3})"
    r"|(?P<other>.?))",
    re.DOTALL,
)
WELL_ESCAPED = re.compile(
    r"(?:[^\\]++|\\(?:[\"\\/bfnrt]|u(?![dD][89a-fA-F])[0-9a-fA-F]{4}"
    r"|u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}))*+"
)
# A text ends at the quote before a mark, not at one that somebody forgot to escape inside it.
TOKEN = re.compile(
    r"(?:[\s\ufeff\0]|//[^\n]*|/\*.*?\*/)*+"
    r"(?:(?P<mark>[{}\[\]:,])"
    r'|"(?P<text>(?:[^"\\]++|\\.|"(?!\s*+(?:[,}\]:]|/[/*]|$)|[^\S\n]*+\n\s*+"))*+)(?P<end>"?)'
    r"|'(?P<quoted>(?:[^'\\]++|\\.)*+)(?P<stop>'?)"
    r"|(?P<plain>(?:[^\s{}\[\]:,\"'/]|/(?![/*]))++))",
    re.DOTALL,
)
NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
OBJECT_START = re.compile(r"\{\s*(?:[\"'}/]|[A-Za-z_]\w*\s*:)")
PAGE = re.compile(r"<(?:!doctype|html|head|body|script|style|svg|\?xml)\b", re.IGNORECASE)
# Each line of a server-sent event begins so, also within an object.
EVENT_LINE = re.compile(r"^data:", re.MULTILINE)
# What a page does not show.
MARKUP = re.compile(
    r"<!--.*?-->|<(script|style|head)\b.*?</\1\s*>|<[^>]*>", re.IGNORECASE | re.DOTALL
)
MARKUP_LIMIT = 16 * 1024
# Of several objects in one body those about a task count: by the names in them, each with how much
# it tells. A bare ``id`` may be that of an event.
TELLING = ((TASK_IDS, 4), (STATE_MEMBERS, 2), (("id", "data", "reason", "error"), 1))
NAMES_DEPTH = 3
MOST_OBJECTS = 1000
CONSTANTS: Mapping[str, object] = {
    **{"true": True, "false": False, "null": None},
    **{"True": True, "False": False, "None": None, "undefined": None},
}


class CutShort(ValueError):
    """The text ends inside a value; ``value`` is what came whole before that."""

    def __init__(self, value: object = None) -> None:
        super().__init__("The text ends inside a value.")
        self.value = value


# ---- Bytes as text ----------------------------------------------------------------------------


def decode(content: bytes, charset: str = "") -> str:
    """The text of a body; a byte that fits no encoding becomes U+FFFD.

    ``charset`` is what the sender claims, which counts only where the bytes are not UTF.
    """
    encoding = json.detect_encoding(content)
    with suppress(UnicodeDecodeError):
        return content.decode(encoding)
    mended = content.decode(encoding, "replace")
    broken = mended.count("\ufffd")
    foreign = sum(letter > "\x7f" for letter in mended) - broken
    # UTF-8 with a letter cut in half has more whole letters than broken ones.
    if encoding.startswith("utf-8") and foreign <= broken:
        for other in (charset, "gb18030"):
            with suppress(UnicodeError, LookupError, ValueError):
                if codecs.lookup(other).name != "utf-8":
                    return content.decode(other)
    return mended


# ---- Text as JSON -----------------------------------------------------------------------------


def read_object(content: bytes, charset: str = "") -> Mapping[str, object] | None:
    """The JSON object in a body; None where there is none, or where it is too large."""
    members, is_cut = read_members(content, charset)
    return None if is_cut else members


def read_members(content: bytes, charset: str = "") -> tuple[Mapping[str, object] | None, bool]:
    """The JSON object in a body, and whether its end is missing."""
    if len(content) > BODY_LIMIT:
        return None, False
    try:
        return _answer(parse(decode(content, charset))), False
    except CutShort as cut:
        return as_object(cut.value), True


def _answer(value: object) -> Mapping[str, object] | None:
    """The object of a body; in a list of several, the one that all of them are about."""
    if not isinstance(value, list):
        return as_object(value)
    found = as_objects(value)
    is_one_task = len({name for name in map(_task_id, found) if name}) <= 1
    return most_telling(found) if found and is_one_task else None


def most_telling(objects: Sequence[Mapping[str, object]]) -> Mapping[str, object]:
    """Of several objects in one body the one about a task, in its last state.

    The others are the lines of a log, pings of a stream of events, or what a gateway has to add.
    """
    told = [_weight(each) for each in objects]
    most = [each for each, weight in zip(objects, told, strict=True) if weight == max(told)]
    return [each for each in most if _task_id(each) == _task_id(most[0])][-1]


def _weight(members: Mapping[str, object]) -> int:
    return sum(weight for names, weight in TELLING if find_named(members, names) is not None)


def _task_id(members: Mapping[str, object]) -> str:
    return str(find_named(members, (*TASK_IDS, "id")) or "")


def find_named(
    members: Mapping[str, object], names: Sequence[str], depth: int = NAMES_DEPTH
) -> object:
    """What an object, or one in it, has under one of these names; None for nothing."""
    for name in names:
        if not _is_nothing(members.get(name)):
            return members[name]
    inner = (each for each in members.values() if depth and isinstance(each, dict))
    found = (find_named(each, names, depth - 1) for each in inner)
    return next((each for each in found if each is not None), None)


def parse(text: str) -> object:
    """The value of a JSON text, None where there is none. Raises CutShort.

    Fractions come as Decimal, NaN and infinite numbers as text, half surrogate pairs as U+FFFD.
    """
    text = text.strip("\ufeff\0 \t\r\n")
    try:
        return _strictly(text)
    except RecursionError:
        return None
    except ValueError:
        return _leniently(text)


def as_object(value: object) -> Mapping[str, object] | None:
    """A JSON object, also one that is alone in a list or packed as text; None for others."""
    if value is None or isinstance(value, dict):
        return value
    return next(iter(as_objects(value)), None) if is_alone(value) else None


def as_objects(value: object) -> Sequence[Mapping[str, object]]:
    """The objects in a list, also one that is packed as text; one alone is a list of one."""
    value = unpacked(value)
    values = value if isinstance(value, list) else [value]
    found = (unpacked(each) for each in values)
    return [cast("dict[str, object]", each) for each in found if isinstance(each, dict)]


def is_alone(value: object) -> bool:
    value = unpacked(value)
    return not isinstance(value, list) or len(value) == 1


def unpacked(value: object) -> object:
    """The value itself, or what is packed in it as JSON text."""
    for _ in range(PACKING_LIMIT):
        if not isinstance(value, str) or not value.lstrip(" \t\r\n\ufeff").startswith(
            ("{", "[", '"{', '"[')
        ):
            break
        try:
            value = parse(value)
        except CutShort:
            return None
    return value


def _strictly(text: str) -> object:
    return json.loads(
        _mended(text),
        strict=False,  # control characters inside texts
        parse_int=_integer,
        parse_float=_decimal,
        parse_constant=str,
        object_pairs_hook=_first_of_each,
    )


def _first_of_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object; of two members with one name the first that tells anything counts."""
    members: dict[str, object] = {}
    for name, value in pairs:
        if name not in members or _is_nothing(members[name]):
            members[name] = value
    return members


def _is_nothing(value: object) -> bool:
    """Whether a value is null or empty; 0 and false are none of these."""
    return value is None or (isinstance(value, str | list | dict) and not value)


def _integer(digits: str) -> object:
    return int(digits) if len(digits) <= DIGITS_LIMIT else digits


def _decimal(digits: str) -> object:
    """A fraction as it was written: a float would lose digits."""
    try:
        return Decimal(digits)
    except InvalidOperation:  # an exponent beyond all numbers
        return digits


def _mended(text: str) -> str:
    """The text with each escape as JSON has it."""
    is_well = "\\" not in text or WELL_ESCAPED.fullmatch(text)
    return text if is_well else ESCAPE.sub(_mended_escape, text)


def _mended_escape(match: re.Match[str]) -> str:
    if match["pair"] or match["valid"]:
        return match[0]
    if match["half"] or match["cut"]:
        return "\\ufffd"
    return "'" if match["other"] == "'" else "\\\\" + (match["other"] or "")


# ---- Something near to JSON -------------------------------------------------------------------


def _leniently(text: str) -> object:
    """The value of a text that is no JSON: the object in it, of several the most telling."""
    text = EVENT_LINE.sub("", text)
    found: list[Mapping[str, object]] = []
    end = 0
    try:
        while len(found) < MOST_OBJECTS and (start := OBJECT_START.search(text, end)):
            if PAGE.search(text, end, start.start()):
                break
            reader = _Reader(text, start.start())
            found += as_objects(reader.value(0))
            end = reader.end
    except CutShort as cut:
        last = as_object(cut.value) or {}
        if not found or _weight(last) > max(map(_weight, found)):
            raise
    except (RecursionError, _TooDeep):
        pass
    return most_telling(found) if found else _within_markup(text)


def _within_markup(text: str) -> object:
    """The JSON that is all that a page or an XML text shows: in ``<pre>``, or escaped for it."""
    if len(text) > MARKUP_LIMIT:
        return None
    shown = MARKUP.sub("", text).strip()
    # As it stands first: the query of a link may look like an escape (``&copy=1``).
    for inner in (shown, unescape(shown)):
        if inner.startswith("{") and inner.endswith("}"):
            with suppress(ValueError, RecursionError):
                return _strictly(inner)
    return None


class _TooDeep(Exception):
    """The text is nested deeper than any answer."""


class _Reader:
    """Reads one value from a text, mark by mark."""

    def __init__(self, text: str, start: int) -> None:
        self.end = start  # of what was taken
        self.tokens = self._tokens(text, start)
        self.next = next(self.tokens, None)

    def _tokens(self, text: str, start: int) -> Iterator[re.Match[str]]:
        while token := TOKEN.match(text, start):
            start = token.end()
            yield token

    def take(self) -> re.Match[str]:
        token = self.next
        if token is None or _is_cut(token):
            raise CutShort
        self.end = token.end()
        self.next = next(self.tokens, None)
        return token

    def value(self, depth: int) -> object:
        if depth > DEPTH_LIMIT:
            raise _TooDeep
        token = self.take()
        if token["mark"] == "{":
            return self.members(depth)
        if token["mark"] == "[":
            return self.items(depth)
        # A bare value that the end of the text may have cut short is none.
        if token["plain"] is not None and self.next is None:
            raise CutShort
        return _scalar(token)

    def members(self, depth: int) -> dict[str, object]:
        found: list[tuple[str, object]] = []
        try:
            while (token := self.take())["mark"] != "}":
                if token["mark"]:  # a comma too many, or a mark out of place
                    continue
                name = str(_scalar(token))
                if self.next is not None and self.next["mark"] == ":":
                    self.take()
                    found.append((name, self.value(depth + 1)))
        except CutShort as cut:
            if cut.value is not None:
                found.append((name, cut.value))
            raise CutShort(_first_of_each(found)) from None
        return _first_of_each(found)

    def items(self, depth: int) -> list[object]:
        found: list[object] = []
        try:
            while self.next is None or self.next["mark"] != "]":
                if self.next is not None and self.next["mark"] in {",", ":", "}"}:
                    self.take()
                else:
                    found.append(self.value(depth + 1))
            self.take()
        except CutShort as cut:
            if cut.value is not None:
                found.append(cut.value)
            raise CutShort(found) from None
        return found


def _is_cut(token: re.Match[str]) -> bool:
    is_open_text = token["text"] is not None and not token["end"]
    return is_open_text or (token["quoted"] is not None and not token["stop"])


def _scalar(token: re.Match[str]) -> object:
    """The value of a text or of a bare word."""
    if token["mark"]:
        return None
    plain = token["plain"]
    if plain is None:
        quoted = token["text"] if token["text"] is not None else token["quoted"]
        inner = re.sub(r'(\\.)|"', lambda found: found[1] or '\\"', quoted, flags=re.DOTALL)
        return json.loads(f'"{_mended(inner)}"', strict=False)
    if plain in CONSTANTS:
        return CONSTANTS[plain]
    if NUMBER.fullmatch(plain):
        return _integer(plain) if plain.lstrip("-").isdigit() else _decimal(plain)
    return plain
