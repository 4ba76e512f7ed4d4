"""Read a row of a statement as a charge, or say why it is none."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from .tables import Table

ROUNDED = re.compile(r"[0-9](\.[0-9]+)?[eE]\+?[0-9]+")
CURRENCY = re.compile(r"(?i)us\$|usd|\$|¥|credits?|points?|积分|点数|点")
THOUSANDS = re.compile(r"[0-9]{1,3}([, '’][0-9]{3})+(\.[0-9]+)?")
COMMA = re.compile(r"[0-9]+,[0-9]{1,2}")


@dataclass(frozen=True)
class Charge:
    """An amount for one remote id; negative: a refund. ``line``: its line in the file."""

    line: int
    remote_id: str
    amount: int
    said_at: str = ""
    words: str = ""
    fingerprint: str = ""


@dataclass(frozen=True)
class Unread:
    """A row that is no charge; ``code``: ``number``, ``rounded``, ``amount`` or ``fraction``."""

    line: int
    text: str
    code: str


def read_lines(table: Table, unit: str) -> tuple[list[Charge], list[Unread]]:
    """Read all rows of a table whose columns are known; amounts in whole units, charges positive.

    A provider that writes charges as negative amounts means the same.
    """
    read = [_line(table, line, row, unit) for line, row in table.rows]
    charges = [one for one in read if isinstance(one, Charge)]
    if sum(charge.amount < 0 for charge in charges) * 2 > len(charges):
        charges = [replace(charge, amount=-charge.amount) for charge in charges]
    return list(_with_fingerprints(charges)), [one for one in read if isinstance(one, Unread)]


def _line(table: Table, line: int, row: Sequence[str], unit: str) -> Charge | Unread:
    cells = {part: row[at].strip() for part, at in table.columns.items() if at < len(row)}
    remote_id, text = _remote_id(cells.get("number", "")), ", ".join(filter(None, row))[:200]
    if not remote_id:
        return Unread(line, text, "number")
    if ROUNDED.fullmatch(remote_id):
        return Unread(line, text, "rounded")
    cents = unit == "cent" and "cent" not in table.names[table.columns["amount"]].casefold()
    try:
        amount = read_amount(cells.get("amount", ""), hundreds=cents)
    except ArithmeticError:
        return Unread(line, text, "amount")
    if amount is None:
        return Unread(line, text, "fraction")
    return Charge(
        line, remote_id[:100], amount, cells.get("at", "")[:40], cells.get("words", "")[:200]
    )


def _remote_id(cell: str) -> str:
    """Drop the signs that keep a spreadsheet from rounding it: '911…, ="911…"."""
    return cell.removeprefix("=").strip("\"'’ ")


def read_amount(cell: str, *, hundreds: bool = False) -> int | None:
    """Read whole units (with ``hundreds``: of a hundredth); None for a fraction of a unit.

    Raises ArithmeticError where it is no amount.
    """
    bare = CURRENCY.sub("", cell).replace("−", "-").strip()
    if bare.startswith("(") and bare.endswith(")"):  # how accountants write negative amounts
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


def _with_fingerprints(charges: Iterable[Charge]) -> Iterable[Charge]:
    """Add fingerprints; the second of two equal lines of one file gets another one."""
    seen: Counter[str] = Counter()
    for charge in charges:
        text = f"{charge.remote_id}\n{charge.amount}\n{charge.said_at}\n{charge.words}"
        seen[text] += 1
        digest = hashlib.sha256(f"{text}\n{seen[text]}".encode()).hexdigest()
        yield replace(charge, fingerprint=digest)
