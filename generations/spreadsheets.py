"""Rows as files that a spreadsheet opens: CSV as a stream, XLSX by way of a file on disk.

Neither ever holds more than a few rows in memory, and no cell is ever a formula.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from tempfile import TemporaryFile
from typing import IO

import xlsxwriter
from django.utils import timezone

type Row = Sequence[object]

BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"  # by which Excel knows that the text is UTF-8
FORMULA = ("=", "+", "-", "@", "\t", "\r")
CHUNK = 64 * 1024
MOST_ROWS = 1_048_576  # what one sheet of XLSX holds; the rest goes to the next


def csv_stream(rows: Iterable[Row]) -> Iterator[bytes]:
    """The rows as they come, in pieces of about 64 KiB; times in the site's own zone."""
    buffer = io.StringIO()
    buffer.write(BOM)
    writer = csv.writer(buffer)
    for row in rows:
        writer.writerow([_plain(value) for value in row])
        if buffer.tell() >= CHUNK:
            yield _emptied(buffer)
    yield _emptied(buffer)


def xlsx_file(rows: Iterable[Row]) -> IO[bytes]:
    """A file, from its beginning; it is gone when it is closed."""
    file = TemporaryFile()  # noqa: SIM115  its reader closes it
    options = {"constant_memory": True, "default_date_format": "yyyy-mm-dd hh:mm:ss"}
    with xlsxwriter.Workbook(file, options) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for number, row in enumerate(rows):
            if number % MOST_ROWS == 0:
                sheet = book.add_worksheet()
            for column, value in enumerate(row):
                _write(sheet, number % MOST_ROWS, column, value, day)
    file.seek(0)
    return file


def _write(
    sheet: xlsxwriter.worksheet.Worksheet,
    row: int,
    column: int,
    value: object,
    day: xlsxwriter.format.Format,
) -> None:
    """Text stays text, whatever it begins with: numbers of providers have too many digits."""
    match value:
        case None | "":
            pass
        case int():
            sheet.write_number(row, column, value)
        case datetime():
            sheet.write_datetime(row, column, timezone.make_naive(value))
        case date():
            sheet.write_datetime(row, column, value, day)
        case _:
            sheet.write_string(row, column, str(value))


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return f"{timezone.make_naive(value):%Y-%m-%d %H:%M:%S}"
    if isinstance(value, str) and value.lstrip(" ").startswith(FORMULA):
        return f"'{value}"
    return value


def _emptied(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()
