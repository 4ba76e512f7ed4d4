"""Strict reading of single JSON members: a value that does not fit counts as missing."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import cast

import msgspec

# A reply may repeat an order, whose own limit is 20 MB (docs/wire.md, 2.4).
BODY_LIMIT = 32 * 1024 * 1024
TEXT_LIMIT = 2000
WORD_LIMIT = 60
INTEGER_LIMIT = 10**15

# Seed 002 has an id with a colon in it.
IDENTIFIER = re.compile(r"[A-Za-z0-9_:-]{1,100}")
INTEGER = re.compile(r"-?[0-9]{1,15}")
DECIMAL = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,20})?(e-[0-9]{1,2})?")


def read_object(content: bytes) -> Mapping[str, object] | None:
    """The JSON object in a body; None for anything else, also a broken or too large one."""
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


def as_objects(value: object) -> Sequence[Mapping[str, object]]:
    """The objects in a list; one object alone counts as a list of one."""
    values = value if isinstance(value, list) else [value]
    return [row for row in map(as_object, values) if row is not None]


def read_text(value: object, *, limit: int = TEXT_LIMIT) -> str:
    """A string that can be stored (no NUL, not longer than ``limit``), "" for any other value."""
    return value[:limit].replace("\0", "") if isinstance(value, str) else ""


def read_word(value: object) -> str:
    """A word of a provider's vocabulary, at most 60 characters; "" for any other value."""
    return read_text(value, limit=WORD_LIMIT).strip()


def read_identifier(value: object) -> str:
    """An id as text, also where it came as an integer; "" for any other value.

    Ids exceed 2^53 (docs/wire.md, 1.3), so one that came as a float has lost digits.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not IDENTIFIER.fullmatch(value):
        return ""
    return "" if value == "0" or value.startswith("-") else value


def read_integer(value: object, *, low: int = 0, high: int = INTEGER_LIMIT) -> int | None:
    """An integer, also where it came as text; None for any other value or out of bounds."""
    if isinstance(value, str) and INTEGER.fullmatch(value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if low <= value <= high else None


def read_decimal(value: object) -> Decimal | None:
    """A number that may have a fraction, as it was written, also where it came as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    # A float is read by its shortest form: 74.87 is 74.87, and not 74.87000000000000455.
    text = str(value)
    return Decimal(text) if DECIMAL.fullmatch(text) else None


def read_progress(value: object) -> int | None:
    """0 to 100, also where it came as ``45%``; None for any other value."""
    return read_integer(value.removesuffix("%") if isinstance(value, str) else value, high=100)


def read_address(value: object) -> str:
    """An http(s) address, byte for byte as it came; "" for any other value."""
    if not isinstance(value, str) or "\0" in value:
        return ""
    return value if value.startswith(("https://", "http://")) else ""
