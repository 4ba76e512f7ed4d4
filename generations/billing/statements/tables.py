"""Read a file of a provider or a spreadsheet as a table: encoding, delimiter, columns."""

import codecs
import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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


def decode(content: bytes) -> str:
    """Decode a file. Raises Unreadable."""
    if len(content) > MOST_BYTES:
        raise Unreadable("large")
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "gb18030"]  # the second is what Chinese spreadsheets write
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
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


def recognise(names: Sequence[str]) -> dict[str, int]:
    """Return the index of each known column by its name."""
    plain = [_plain(name) for name in names]
    found: dict[str, int] = {}
    for part, known in NAMES.items():
        indexes = [plain.index(name) for name in known if name in plain]
        free = [index for index in indexes if index not in found.values()]
        if free:
            found[part] = free[0]
    return found


def _plain(name: str) -> str:
    """Make "Task ID (string)" and "task_id" equal."""
    return re.sub(r"\(.*?\)|（.*?）|[\W_]", "", name.casefold())


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """Return each row with the line of the file that it begins in."""
    first, _newline, rest = text.partition("\n")
    if named := re.fullmatch(r"sep=(.)\s*", first):  # Excel's own way to name the delimiter
        return _split(rest, named[1], begin=2)
    return _split(text, _delimiter(text), begin=1)


def _split(text: str, delimiter: str, *, begin: int) -> list[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    found, before = [], 0
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
