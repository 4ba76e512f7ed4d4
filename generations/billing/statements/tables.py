"""Read the file of a statement: as a table of any form, and each of its rows as a charge."""

import codecs
import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

MOST_BYTES = 8 * 1024 * 1024
DELIMITERS = ",;\t|"
HEAD_ROWS = 20  # the names of the columns are in one of these
# Names of columns, in the order of preference; compared without spaces and case.
NAMES: Mapping[str, tuple[str, ...]] = {
    "number": (
        *("taskid", "tasknumber", "taskno", "providersnumber", "generationid", "jobid"),
        *("requestid", "orderid", "任务id", "任务编号", "任务号", "订单号"),
        *("请求id", "编号", "number", "id"),
    ),
    "amount": (
        *("credits", "creditsused", "creditsconsumed", "usedcredits", "consumedcredits", "credit"),
        *("points", "totalpoints", "point", "消耗积分", "积分消耗", "积分", "点数", "扣费"),
        *("charged", "charge", "cost", "amount", "fee", "price", "usd", "费用", "金额", "消耗"),
    ),
    "at": (
        *("date", "time", "datetime", "createdat", "created", "finishedat", "timestamp", "when"),
        *("日期", "时间", "创建时间", "完成时间"),
    ),
    "words": (
        *("description", "memo", "note", "remark", "model", "type", "product"),
        *("说明", "备注", "模型", "类型"),
    ),
}
PARTS = tuple(NAMES)
NEEDED = ("number", "amount")
# 9.11026E+17: a spreadsheet has rounded the id, and its last digits are lost.
ROUNDED = re.compile(r"[0-9](\.[0-9]+)?[eE]\+?[0-9]+")
CURRENCY = re.compile(r"(?i)us\$|usd|\$|¥|credits?|points?|积分|点数|点")
THOUSANDS = re.compile(r"[0-9]{1,3}([, '’][0-9]{3})+(\.[0-9]+)?")
DECIMAL_COMMA = re.compile(r"[0-9]+,[0-9]{1,2}")


class Unreadable(Exception):
    """The file is no table; ``code`` is ``large``, ``letters`` or ``empty``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Table:
    """The names of the columns, and the rows after them with their lines in the file.

    ``columns``: the index of each of PARTS that was recognised.
    """

    names: Sequence[str]
    rows: Sequence[tuple[int, Sequence[str]]]
    columns: Mapping[str, int]

    @property
    def is_clear(self) -> bool:
        """Whether the needed columns are known."""
        return all(part in self.columns for part in NEEDED)


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


def decode(content: bytes) -> str:
    """Decode a file. Raises Unreadable."""
    if len(content) > MOST_BYTES:
        raise Unreadable("large")
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    else:
        # The second is what Chinese spreadsheets write. It comes last, because it reads UTF-8 too,
        # as other letters.
        encodings = ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:  # a picture or a workbook may be decoded, but it is full of these
            return text
    raise Unreadable("letters")


def read_table(text: str, chosen: Mapping[str, int] | None = None) -> Table:
    """Read a table; the columns that a person has ``chosen`` win. Raises Unreadable."""
    rows = [(line, row) for line, row in _rows(text) if any(cell.strip() for cell in row)]
    if not rows:
        raise Unreadable("empty")
    head = _head(rows)
    names = [cell.strip() for cell in rows[head][1]]
    return Table(names, rows[head + 1 :], recognise(names) | dict(chosen or {}))


def read_lines(table: Table, unit: str) -> tuple[list[Charge], list[Unread]]:
    """Read all rows of a table whose columns are known; amounts in whole units, charges positive.

    A provider that writes charges as negative amounts means the same.
    """
    read = [_line(table, line, row, unit) for line, row in table.rows]
    charges = [one for one in read if isinstance(one, Charge)]
    # Refunds are rarer than charges, so the sign of most rows is that of charges.
    if sum(charge.amount < 0 for charge in charges) * 2 > len(charges):
        charges = [replace(charge, amount=-charge.amount) for charge in charges]
    return list(_with_fingerprints(charges)), [one for one in read if isinstance(one, Unread)]


# ---- The table: delimiter, row of names, columns ----------------------------------------------


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """Return each row with the line of the file that it begins in."""
    first, _newline, rest = text.partition("\n")
    if named := re.fullmatch(r"sep=(.)\s*", first):  # Excel's own way to name the delimiter
        return _split(rest, named[1], begin=2)
    return _split(text, _delimiter(text), begin=1)


def _split(text: str, delimiter: str, *, begin: int) -> list[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    found, before = [], 0  # counted by the reader, because a quoted cell may have several lines
    try:
        for row in reader:
            found.append((begin + before, row))
            before = reader.line_num
    except csv.Error as error:
        raise Unreadable("letters") from error
    return found


def _delimiter(text: str) -> str:
    """Return the delimiter that splits most of the first rows into equally many cells."""
    head = "".join(text.splitlines(keepends=True)[:HEAD_ROWS])

    def cells(delimiter: str) -> tuple[int, int]:
        widths = [len(row) for row in csv.reader(io.StringIO(head), delimiter=delimiter) if row]
        usual = max(set(widths), key=widths.count) if widths else 1
        return (widths.count(usual) if usual > 1 else 0, usual)

    return max(DELIMITERS, key=cells)


def _head(rows: Sequence[tuple[int, Sequence[str]]]) -> int:
    """Return the index of the row with the names; above it is the provider's letterhead."""
    known = [len(recognise(row)) for _line, row in rows[:HEAD_ROWS]]
    return known.index(max(known))


def recognise(names: Sequence[str]) -> dict[str, int]:
    """Return the index of each known column by its name."""
    plain = [_plain(name) for name in names]
    return {
        part: plain.index(known[0])
        for part, preferred in NAMES.items()
        if (known := [name for name in preferred if name in plain])
    }


def _plain(name: str) -> str:
    """Make "Task ID (string)" and "task_id" equal."""
    return re.sub(r"\(.*?\)|（.*?）|[\W_]", "", name.casefold())


# ---- The rows: ids and amounts ----------------------------------------------------------------


def _line(table: Table, line: int, row: Sequence[str], unit: str) -> Charge | Unread:
    cells = {part: row[at].strip() for part, at in table.columns.items() if at < len(row)}
    remote_id, text = _remote_id(cells.get("number", "")), ", ".join(filter(None, row))[:200]
    if not remote_id:
        return Unread(line, text, "number")
    if ROUNDED.fullmatch(remote_id):
        return Unread(line, text, "rounded")
    # A key that is kept in cents gets its statement in dollars, unless the column says otherwise.
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
    elif DECIMAL_COMMA.fullmatch(digits):
        digits = digits.replace(",", ".")
    value = sign * Decimal(digits) * (100 if hundreds else 1)
    if not value.is_finite() or abs(value) > 10**15:  # no column of ours holds 1e999
        raise ArithmeticError(cell)
    return int(value) if value == value.to_integral_value() else None


def _with_fingerprints(charges: Iterable[Charge]) -> Iterable[Charge]:
    """Add fingerprints; the second of two equal lines of one file gets another one.

    The line's place is no part of it: the next file may have the same charge in another line.
    """
    seen: Counter[str] = Counter()
    for charge in charges:
        text = f"{charge.remote_id}\n{charge.amount}\n{charge.said_at}\n{charge.words}"
        seen[text] += 1
        digest = hashlib.sha256(f"{text}\n{seen[text]}".encode()).hexdigest()
        yield replace(charge, fingerprint=digest)
