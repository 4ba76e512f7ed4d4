"""Single values of a reply: texts, ids, numbers, amounts and times (docs/wire.md, 1.3 to 1.5)."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
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


# What programs write for nothing, as ``fold_name`` leaves it: ``<nil>``, ``N/A``, ``No error.``
NOTHING = frozenset(
    {"", "0", "none", "null", "nil", "nan", "na", "undefined", "false", "noerror", "noerrors"}
    | {"empty", "nothing", "无", "無", "无错误"}
)
NO_LETTERS = re.compile(r"[\W_]+")


def fold_name(name: str) -> str:
    """``cover_url``, ``coverUrl`` and ``Cover-URL`` are ``coverurl``."""
    return NO_LETTERS.sub("", name.casefold())


def says_nothing(text: str) -> bool:
    """Whether a text stands for no text."""
    return len(text) <= WORD_LIMIT and fold_name(text) in NOTHING


def spellings(*names: str) -> tuple[str, ...]:
    """Names as each language writes them: ``task_id``, ``taskId``, ``taskID``, ``TaskId`` ..."""
    found: list[str] = []
    for name in names:
        first, *rest = name.split("_")
        camel = first + "".join(map(str.title, rest))
        pascal = camel[:1].upper() + camel[1:]
        of_go = [each[:-2] + "ID" for each in (camel, pascal) if each.endswith("Id")]
        joined = "".join((first, *rest))
        found += [name, camel, pascal, *of_go, joined, name.upper(), name.replace("_", "-")]
    return tuple(dict.fromkeys(found))


# Under which a provider that names its task otherwise may have it; a bare ``id`` is not among them.
TASK_IDS = spellings("task_id", "task_no")
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
# The figure counts thousands, or is a share or a rate: ``1.2k``, ``3.5万``, ``35%``, ``7/s``.
OTHER_UNIT = re.compile(
    r"[0-9.]\s*(?:[kmb](?![a-z])|thousand|million|[%\u2030\u5341\u767e\u5343\u4e07\u842c\u4ebf])"
    r"|/|\bper\b|\u6bcf",
    re.IGNORECASE,
)
# The members of an object that hold its amount, as ``fold_name`` leaves them, the most telling
# first: of what was spent, and of what is left.
AMOUNT_MEMBERS = ("amount", "value", "credits", "points", "totalpoints", "credit")
SPENT_MEMBERS = (
    *("used", "consumed", "spent", "creditsused", "usedcredits", "cost", *AMOUNT_MEMBERS),
    "total",
)
LEFT_MEMBERS = (
    *("balance", "remaining", "remain", "available", "left", "creditremain", "currentbalance"),
    *("availablebalance", *AMOUNT_MEMBERS),
)
AMOUNT_DEPTH = 3
SCALARS = (str, int, float, Decimal)


def read_amount(value: object) -> Decimal | None:
    """An amount as it was written, in any of its forms; None for what is none (1.5)."""
    amount = _amount(value, SPENT_MEMBERS, AMOUNT_DEPTH)
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
    amount = _amount(value, LEFT_MEMBERS, AMOUNT_DEPTH)
    return amount if amount is not None and abs(amount) <= AMOUNT_LIMIT else None


def _amount(value: object, names: Sequence[str], depth: int) -> Decimal | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        return _amount_in_text(value)
    if isinstance(value, int | float | Decimal):
        # A float is read by its shortest form: 74.87 is 74.87, and not 74.87000000000000455.
        number = Decimal(str(value))
        return number if number.is_finite() else None
    if isinstance(value, Mapping) and depth:
        return _amount_in_object(value, names, depth - 1)
    if isinstance(value, list) and len(value) == 1 and depth:
        return _amount(value[0], names, depth - 1)
    return None


def _amount_in_object(
    members: Mapping[str, object], names: Sequence[str], depth: int
) -> Decimal | None:
    told = {fold_name(name): value for name, value in members.items() if not is_empty(value)}
    for name in filter(told.__contains__, names):
        return _amount(told[name], names, depth)
    found = [_amount(value, names, depth) for value in told.values()]
    known = [amount for amount in found if amount is not None]
    return known[0] if len(known) == 1 else None  # of two nobody knows which


def _amount_in_text(text: str) -> Decimal | None:
    # Full-width digits and points become plain ones.
    plain = trim(unicodedata.normalize("NFKC", text)).replace("\u2212", "-")
    figures = [match[0].strip() for match in FIGURE.finditer(plain)]
    if len(figures) != 1 or len(figures[0]) > WORD_LIMIT or OTHER_UNIT.search(plain):
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
    plain = trim(value).rstrip("%\uff05") if isinstance(value, str) else value
    number = read_amount(plain) if isinstance(plain, SCALARS) else None
    return int(number) if number is not None and number <= 100 else None


# ---- Times ------------------------------------------------------------------------------------

UNIX_TIME = re.compile(r"([0-9]{10}|[0-9]{13}|[0-9]{16}|[0-9]{19})(\.[0-9]+)?")
ISO_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]+([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)"
    r"(?:[.,]([0-9]+))?\s*(Z|z|UTC|GMT|[+-][0-9]{2}:?(?:[0-9]{2})?)?"
    # Go and Java name the zone once more: ``+0800 CST m=+0.1``, ``Z[UTC]``.
    r"(?:(?<=[Z0-9])(?:\[[\w/]+\]| [A-Z]{3,5}(?: m=\S+)?))?"
)
UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# What programs write for no time lies before it: the year 1 of Go and .NET, 0 of databases, 1970.
FIRST_YEAR = 1990
# Of the zones with letters these alone are one place's: CST is Chicago's and Shanghai's.
KNOWN_ZONE = re.compile(r"(?:GMT|UTC|UT|Z|[+-][0-9]{4})\s*(?:\(.*\))?$")


def read_time(value: object) -> str:
    """Unix seconds as text; a time without a zone as it came; "" for what is no time (1.4)."""
    text = trim(value) if isinstance(value, str) else str(value)
    if match := UNIX_TIME.fullmatch(text):
        return "" if text.startswith("0") else _plain(Decimal(text).scaleb(10 - len(match[1])))
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
    if int(day[:4]) < FIRST_YEAR:
        return ""
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
    is_known = moment.tzinfo and moment.year >= FIRST_YEAR and KNOWN_ZONE.search(text)
    return _plain(_seconds(moment)) if is_known else ""


def _seconds(moment: datetime) -> Decimal:
    return Decimal((moment - UNIX_EPOCH) // timedelta(seconds=1))


def _plain(number: Decimal) -> str:
    """A number without an exponent and without zeros behind its point."""
    text = f"{number.quantize(Decimal('0.000001')):f}"
    return text.rstrip("0").rstrip(".")
