"""Strict reading of single JSON members: what does not fit is absent, never guessed."""

import re
from collections.abc import Mapping
from typing import cast

import msgspec

# A reply may echo an order, whose own limit is 20 MB (contract 2.4).
BODY_LIMIT = 32 * 1024 * 1024
TEXT_LIMIT = 2000
WORD_LIMIT = 60
WHOLE_LIMIT = 10**15

IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,100}")
WHOLE = re.compile(r"-?[0-9]{1,15}")


def read_object(content: bytes) -> Mapping[str, object] | None:
    """The JSON object in a body; None for anything else, broken or too large."""
    if len(content) > BODY_LIMIT:
        return None
    try:
        value = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return as_object(value)


def as_object(value: object) -> Mapping[str, object] | None:
    """A JSON object, None for any other value."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else None


def read_text(value: object, *, limit: int = TEXT_LIMIT) -> str:
    """A string that can be stored (no NUL, not longer than ``limit``), "" for any other value."""
    return value[:limit].replace("\0", "") if isinstance(value, str) else ""


def read_word(value: object) -> str:
    """A word of a provider's vocabulary, at most 60 characters; "" for any other value."""
    return read_text(value, limit=WORD_LIMIT).strip()


def read_identifier(value: object) -> str:
    """An id as text, also where it came as a number; "" where it cannot be one.

    Ids exceed 2^53 (contract 1.3), so one that came as a float has lost digits and is none.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not IDENTIFIER.fullmatch(value):
        return ""
    return "" if value == "0" or value.startswith("-") else value


def read_whole(value: object, *, low: int = 0, high: int = WHOLE_LIMIT) -> int | None:
    """A whole number, also where it came as text; None for any other value or out of bounds."""
    if isinstance(value, str) and WHOLE.fullmatch(value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if low <= value <= high else None
