"""Single values of a reply: texts, ids, numbers, amounts and times (docs/wire.md, 1.3 to 1.5)."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from email.utils import parsedate_to_datetime

import msgspec

from generations.providers.contract import REMOTE_ID_LENGTH

# What is stored of a sentence and of a word (docs/wire.md, 1.7).
TEXT_LIMIT = 2000
WORD_LIMIT = 60
# Twice what an order may have (docs/wire.md, 2.3), so that a listed prompt can be compared whole.
PROMPT_LIMIT = 10_000
AMOUNT_LIMIT = 10**15
# Above this a binary float has lost digits, and with them the id.
EXACT_LIMIT = 2**53


# ---- Texts and ids ----------------------------------------------------------------------------


def read_text(value: object, *, limit: int | None = TEXT_LIMIT) -> str:
    """A string that can be stored (no NUL, not longer than ``limit``), "" for any other value."""
    return value[:limit].replace("\0", "") if isinstance(value, str) else ""


def read_word(value: object) -> str:
    """A word of a provider's vocabulary, at most 60 characters; "" for what is no text."""
    return trim(read_text(value, limit=None))[:WORD_LIMIT]


def trim(text: str) -> str:
    """The text without blanks, control characters and invisible letters around it."""
    start, end = 0, len(text)
    while start < end and _is_invisible(text[start]):
        start += 1
    while start < end and _is_invisible(text[end - 1]):
        end -= 1
    return text[start:end]


def _is_invisible(letter: str) -> bool:
    return letter.isspace() or unicodedata.category(letter) in {"Cc", "Cf"}


# What some providers write for no id, and what leads a path elsewhere. Task 0 does not exist:
# adapters ask for it to test a key (docs/wire.md, 2.7).
NO_IDS = frozenset({"", "0", ".", "..", "null", "none", "undefined"})


def read_identifier(value: object) -> str:
    """An id as text, also where it came as a number; "" for what is none (docs/wire.md, 1.3)."""
    text = trim(value) if isinstance(value, str) else _digits(value)
    if not text.isprintable() or "\ufffd" in text or len(text) > REMOTE_ID_LENGTH:
        return ""
    return "" if text.casefold() in NO_IDS else text


def _digits(value: object) -> str:
    """The digits of a whole number from 1; "" for others, and where a float lost some."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return ""
    number = Decimal(str(value))
    if not number.is_finite() or number <= 0 or number != number.to_integral_value():
        return ""
    is_exact = isinstance(value, int) or number < EXACT_LIMIT
    return f"{number.to_integral_value():f}" if is_exact else ""


# ---- Amounts ----------------------------------------------------------------------------------

# In one text: a sign, the digits with what parts them, and an exponent.
FIGURE = re.compile(r"[-+\u2212]?\s?\.?[0-9](?:[0-9]|[ .,'_](?=[0-9]))*\.?(?:[eE][-+]?[0-9]{1,3})?")
PLAIN = re.compile(r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?")
GROUPED = re.compile(r"(?!0,)[0-9]{1,3}(?:([ ,'_])[0-9]{3})(?:\1[0-9]{3})*(?:\.[0-9]+)?")
COMMA = re.compile(r"(?:[0-9]+|[0-9]{1,3}(?:\.[0-9]{3})+),[0-9]+")
# The members of an object that hold its amount, the most telling first.
AMOUNT_MEMBERS = (
    *("amount", "value", "total", "credits", "points", "totalPoints", "total_points", "cost"),
    *("credit", "used", "price", "quantity", "balance", "remaining"),
)
AMOUNT_DEPTH = 3
SCALARS = (str, int, float, Decimal)


def read_amount(value: object) -> Decimal | None:
    """An amount as it was written, in any of its forms; None for what is none (1.5)."""
    amount = _amount(value, AMOUNT_DEPTH)
    return amount if amount is not None and 0 <= amount <= AMOUNT_LIMIT else None


def read_cost(value: object) -> tuple[int | None, str]:
    """A cost in whole units, rounded up; and what is there and cannot be read, as it came."""
    if is_empty(value):
        return None, ""
    amount = read_amount(value)
    if amount is None:
        return None, as_written(value)
    return int(amount.to_integral_value(ROUND_CEILING)), ""


def is_empty(value: object) -> bool:
    """Whether a member tells nothing: missing, null or an empty text."""
    return value is None or (isinstance(value, str) and not trim(value))


def as_written(value: object) -> str:
    """A value as text for people: JSON, but a text without quotes around it."""
    if isinstance(value, str):
        return value.replace("\0", "")
    # A surrogate would not be written, and none comes from our own reader.
    return msgspec.json.encode(value, enc_hook=str).decode()


def read_signed(value: object) -> Decimal | None:
    """An amount that may be below zero, e.g. a balance."""
    amount = _amount(value, AMOUNT_DEPTH)
    return amount if amount is not None and abs(amount) <= AMOUNT_LIMIT else None


def _amount(value: object, depth: int) -> Decimal | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        return _amount_in_text(value)
    if isinstance(value, int | float | Decimal):
        # A float is read by its shortest form: 74.87 is 74.87, and not 74.87000000000000455.
        number = Decimal(str(value))
        return number if number.is_finite() else None
    if isinstance(value, Mapping) and depth:
        return _amount_in_object(value, depth - 1)
    if isinstance(value, list) and len(value) == 1 and depth:
        return _amount(value[0], depth - 1)
    return None


def _amount_in_object(members: Mapping[str, object], depth: int) -> Decimal | None:
    for name in AMOUNT_MEMBERS:
        if not is_empty(members.get(name)):
            return _amount(members[name], depth)
    found = [_amount(value, depth) for value in members.values()]
    known = [amount for amount in found if amount is not None]
    return known[0] if len(known) == 1 else None  # of two nobody knows which


def _amount_in_text(text: str) -> Decimal | None:
    # Full-width digits and points become plain ones.
    plain = trim(unicodedata.normalize("NFKC", text)).replace("\u2212", "-")
    figures = [match[0].strip() for match in FIGURE.finditer(plain)]
    if len(figures) != 1 or len(figures[0]) > WORD_LIMIT:
        return None
    sign = -1 if figures[0].startswith("-") else 1
    digits = figures[0].lstrip("+-").strip()
    if PLAIN.fullmatch(digits):
        return sign * Decimal(digits)
    if GROUPED.fullmatch(digits):
        return sign * Decimal(re.sub("[ ,'_]", "", digits))
    if COMMA.fullmatch(digits):
        return sign * Decimal(digits.replace(".", "").replace(",", "."))
    return None


# ---- Other numbers ----------------------------------------------------------------------------


def read_integer(value: object, *, low: int = 0, high: int = AMOUNT_LIMIT) -> int | None:
    """A whole number in any form of an amount; None for any other value or out of bounds."""
    number = read_signed(value) if isinstance(value, SCALARS) else None
    if number is None or number != number.to_integral_value():
        return None
    return int(number) if low <= number <= high else None


def read_progress(value: object) -> int | None:
    """0 to 100, also as ``45%`` or with a fraction; None for any other value."""
    number = read_amount(value) if isinstance(value, SCALARS) else None
    return int(number) if number is not None and number <= 100 else None


# ---- Times ------------------------------------------------------------------------------------

UNIX_TIME = re.compile(r"([0-9]{10}|[0-9]{13}|[0-9]{16}|[0-9]{19})(\.[0-9]+)?")
ISO_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]+([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)"
    r"(?:[.,]([0-9]+))?\s*(Z|z|UTC|GMT|[+-][0-9]{2}:?(?:[0-9]{2})?)?"
)
UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_time(value: object) -> str:
    """Unix seconds as text; a time without a zone as it came; "" for what is no time (1.4)."""
    text = trim(value) if isinstance(value, str) else str(value)
    if match := UNIX_TIME.fullmatch(text):
        return _plain(Decimal(text).scaleb(10 - len(match[1])))
    if not isinstance(value, str):
        return ""
    try:
        return _read_iso(text) or _read_date(text)
    except (ValueError, OverflowError):
        return ""


def _read_iso(text: str) -> str:
    match = ISO_TIME.fullmatch(text)
    if match is None:
        return ""
    day, clock, fraction, zone = match.groups()
    if zone is None:
        # Nobody knows whose clock it is, so it is shown and never converted.
        datetime.fromisoformat(f"{day}T{clock}")
        return text[:WORD_LIMIT]
    offset = "+00:00" if zone.upper() in {"Z", "UTC", "GMT"} else zone
    moment = datetime.fromisoformat(f"{day}T{clock}{offset}")
    return _plain(_seconds(moment) + Decimal(f"0.{(fraction or '0')[:6]}"))


def _read_date(text: str) -> str:
    """A date as HTTP has it; one without a zone tells no instant."""
    moment = parsedate_to_datetime(text)
    return _plain(_seconds(moment)) if moment.tzinfo else ""


def _seconds(moment: datetime) -> Decimal:
    return Decimal((moment - UNIX_EPOCH) // timedelta(seconds=1))


def _plain(number: Decimal) -> str:
    """A number without an exponent and without zeros behind its point."""
    text = f"{number.quantize(Decimal('0.000001')):f}"
    return text.rstrip("0").rstrip(".")
