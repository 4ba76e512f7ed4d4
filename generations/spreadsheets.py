"""Write rows as CSV (a stream) or XLSX (a temporary file).

Both keep only a few rows in memory. No cell becomes a formula, whatever its text.
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

BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"  # without it Excel does not read the text as UTF-8
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
CHUNK_CHARACTERS = 64 * 1024
MAX_ROWS = 1_048_576  # of one XLSX sheet; further rows go to the next sheet


def csv_stream(rows: Iterable[Row]) -> Iterator[bytes]:
    """Encode rows in chunks of about 64 KiB; times in the site's own time zone."""
    buffer = io.StringIO()
    buffer.write(BOM)
    writer = csv.writer(buffer)
    for row in rows:
        writer.writerow([_csv_value(value) for value in row])
        if buffer.tell() >= CHUNK_CHARACTERS:
            yield _drain(buffer)
    yield _drain(buffer)


def xlsx_file(rows: Iterable[Row]) -> IO[bytes]:
    """A temporary file, at its beginning; closing it deletes it."""
    file = TemporaryFile()  # noqa: SIM115 - the caller closes it
    options = {"constant_memory": True, "default_date_format": "yyyy-mm-dd hh:mm:ss"}
    with xlsxwriter.Workbook(file, options) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for index, row in enumerate(rows):
            if index % MAX_ROWS == 0:
                sheet = book.add_worksheet()
            for column, value in enumerate(row):
                _write_cell(sheet, index % MAX_ROWS, column, value, day)
    file.seek(0)
    return file


def _write_cell(
    sheet: xlsxwriter.worksheet.Worksheet,
    row: int,
    column: int,
    value: object,
    day: xlsxwriter.format.Format,
) -> None:
    """Write one cell. Text stays text: ids of providers have more digits than a number holds."""
    match value:
        case None | "":
            pass
        case int():
            sheet.write_number(row, column, value)
        case datetime():
            # Cells know no time zone.
            sheet.write_datetime(row, column, timezone.make_naive(value))
        case date():
            sheet.write_datetime(row, column, value, day)
        case _:
            sheet.write_string(row, column, str(value))


def _csv_value(value: object) -> object:
    if isinstance(value, datetime):
        return f"{timezone.make_naive(value):%Y-%m-%d %H:%M:%S}"
    # Only text: a negative number is no formula, and an apostrophe would make text of it.
    if isinstance(value, str) and value.lstrip(" ").startswith(FORMULA_SIGNS):
        return f"'{value}"
    return value


def _drain(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()
