"""One row of a statement as a charge, or why it is none."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from .parse import Table

ROUNDED = re.compile(r"[0-9](\.[0-9]+)?[eE]\+?[0-9]+")
CURRENCY = re.compile(r"(?i)us\$|usd|\$|¥|credits?|points?|积分|点数|点")
THOUSANDS = re.compile(r"[0-9]{1,3}([, '’][0-9]{3})+(\.[0-9]+)?")
COMMA = re.compile(r"[0-9]+,[0-9]{1,2}")


@dataclass(frozen=True)
class Charge:
    """So many units for one number; below nothing: a refund. ``place``: its line in the file."""

    place: int
    number: str
    amount: int
    said_at: str = ""
    words: str = ""
    fingerprint: str = ""


@dataclass(frozen=True)
class Unread:
    """A row that is no charge: ``number``, ``rounded``, ``amount`` or ``fraction`` is wrong."""

    place: int
    text: str
    code: str


def read_lines(table: Table, unit: str) -> tuple[list[Charge], list[Unread]]:
    """All rows of a table whose columns are known; amounts in whole units, charges above nothing.

    A provider that writes charges as negative amounts means the same.
    """
    read = [_line(table, place, row, unit) for place, row in table.rows]
    charges = [one for one in read if isinstance(one, Charge)]
    if sum(charge.amount < 0 for charge in charges) * 2 > len(charges):
        charges = [replace(charge, amount=-charge.amount) for charge in charges]
    return list(_marked(charges)), [one for one in read if isinstance(one, Unread)]


def _line(table: Table, place: int, row: Sequence[str], unit: str) -> Charge | Unread:
    cells = {part: row[at].strip() for part, at in table.columns.items() if at < len(row)}
    number, text = _number(cells.get("number", "")), ", ".join(filter(None, row))[:200]
    if not number:
        return Unread(place, text, "number")
    if ROUNDED.fullmatch(number):
        return Unread(place, text, "rounded")
    cents = unit == "cent" and "cent" not in table.names[table.columns["amount"]].casefold()
    try:
        amount = read_amount(cells.get("amount", ""), hundreds=cents)
    except ArithmeticError:
        return Unread(place, text, "amount")
    if amount is None:
        return Unread(place, text, "fraction")
    return Charge(
        place, number[:100], amount, cells.get("at", "")[:40], cells.get("words", "")[:200]
    )


def _number(cell: str) -> str:
    """Without what keeps a spreadsheet from rounding it: '911…, ="911…"."""
    return cell.removeprefix("=").strip("\"'’ ")


def read_amount(cell: str, *, hundreds: bool = False) -> int | None:
    """Whole units (with ``hundreds``: of a hundredth); None where a part is left over.

    Raises ArithmeticError where it is no amount.
    """
    bare = CURRENCY.sub("", cell).replace("−", "-").strip()
    if bare.startswith("(") and bare.endswith(")"):  # how books write what is below nothing
        bare = f"-{bare[1:-1].strip()}"
    sign, digits = (-1, bare[1:].strip()) if bare.startswith("-") else (1, bare.removeprefix("+"))
    if THOUSANDS.fullmatch(digits):
        digits = re.sub(r"[, '’]", "", digits)
    elif COMMA.fullmatch(digits):
        digits = digits.replace(",", ".")
    value = sign * Decimal(digits) * (100 if hundreds else 1)
    if not value.is_finite() or abs(value) > 10**15:
        raise ArithmeticError(cell)
    return int(value) if value == value.to_integral_value() else None


def _marked(charges: Iterable[Charge]) -> Iterable[Charge]:
    """With a fingerprint each; the second of two equal lines of one file is another line."""
    seen: Counter[str] = Counter()
    for charge in charges:
        said = f"{charge.number}\n{charge.amount}\n{charge.said_at}\n{charge.words}"
        seen[said] += 1
        digest = hashlib.sha256(f"{said}\n{seen[said]}".encode()).hexdigest()
        yield replace(charge, fingerprint=digest)
