"""Rows for spreadsheets: nothing is a formula, long ids keep all digits, memory stays small."""

import csv
import io
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, date, datetime
from xml.etree import ElementTree
from zipfile import ZipFile

import pytest

from generations import spreadsheets

LONG_ID = "911026047460327424"
AT = datetime(2026, 11, 20, 17, 23, 5, tzinfo=UTC)


def read_csv(rows: list[spreadsheets.Row]) -> list[list[str]]:
    text = b"".join(spreadsheets.csv_stream(rows)).decode()
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:])))


@pytest.mark.parametrize("typed", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1"])
def test_no_text_of_a_csv_is_a_formula(typed: str) -> None:
    ((cell,),) = read_csv([[typed]])
    assert cell == f"'{typed}"


def test_numbers_days_and_times_of_a_csv_stay_what_they_are() -> None:
    row = [-35, LONG_ID, AT, date(2026, 11, 20), None, "灯塔, “dusk”\nnew line"]
    assert read_csv([row]) == [
        ["-35", LONG_ID, "2026-11-20 17:23:05", "2026-11-20", "", "灯塔, “dusk”\nnew line"]
    ]


def cells(rows: list[spreadsheets.Row]) -> list[tuple[str, str, str]]:
    """Address, type and content of each cell of the first sheet, read from the file."""
    with spreadsheets.xlsx_file(rows) as file, ZipFile(file) as packed:
        sheet = ElementTree.fromstring(packed.read("xl/worksheets/sheet1.xml"))
    found = []
    for cell in sheet.findall(".//{*}c"):
        content = cell.find("{*}v")
        content = cell.find("{*}is/{*}t") if content is None else content
        assert cell.find("{*}f") is None
        assert content is not None
        found.append((cell.get("r", ""), cell.get("t", "n"), content.text or ""))
    return found


def test_text_of_an_xlsx_stays_text_and_numbers_are_numbers() -> None:
    assert cells([["=1+1", -35, LONG_ID, None, ""]]) == [
        ("A1", "inlineStr", "=1+1"),
        ("B1", "n", "-35"),
        ("C1", "inlineStr", LONG_ID),
    ]


def test_what_one_sheet_cannot_hold_goes_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheets, "MAX_ROWS", 2)
    with spreadsheets.xlsx_file([[index] for index in range(5)]) as file, ZipFile(file) as packed:
        names = packed.namelist()
    assert sum(name.startswith("xl/worksheets/sheet") for name in names) == 3


def many(count: int) -> Iterator[spreadsheets.Row]:
    for index in range(count):
        yield [AT, f"A lighthouse at dusk, take {index}", index, LONG_ID]


def peak(count: int, kind: str) -> int:
    """The most bytes that were held while so many rows were written and read away."""
    tracemalloc.start()
    if kind == "csv":
        assert sum(map(len, spreadsheets.csv_stream(many(count)))) > count * 60
    else:
        with spreadsheets.xlsx_file(many(count)) as file:
            assert sum(map(len, iter(lambda: file.read(65536), b""))) > count
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_ten_times_the_rows_take_no_more_memory(kind: str) -> None:
    peak(100, kind)
    assert peak(4_000, kind) < 1.5 * peak(400, kind) + 100_000


def test_a_csv_begins_to_leave_before_its_last_row_is_made() -> None:
    made: list[int] = []

    def rows() -> Iterator[spreadsheets.Row]:
        for index in range(10_000):
            made.append(index)
            yield [index, "A lighthouse at dusk"]

    next(spreadsheets.csv_stream(rows()))
    assert len(made) < 5_000
