"""XLSX written and forms read: what people fill in and send back, empty forms, long tables. The reader: infra.xlsx."""

import io
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Self

import xlsxwriter

from infra import xlsx
from infra.errors import InvalidInput
from infra.xlsx import Limits

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

# What a form of thousands of rows takes, many times over.
_LIMITS = Limits(unpacked=16 * 1024 * 1024, elements=500_000)
_SHEET_ROWS, _MOST_WRITTEN = 1_048_576, 32_767  # what the format has: rows of a sheet, characters of a cell


class SpreadsheetHeaders(InvalidInput):
    """`details` name the columns that are missing, unknown or there twice."""

    code = "spreadsheet_headers"
    message = "表头与模板不一致"
    english = "The header row differs from the template's"


class SpreadsheetTooLong(InvalidInput):
    """`details.most` is how many rows are taken at once."""

    code = "spreadsheet_too_long"
    message = "行数过多，请分批导入"
    english = "Too many rows for one import"


@dataclass(frozen=True, slots=True)
class Row:
    """A row with something in it: its number in the sheet, and its cells as text by header."""

    number: int
    cells: Mapping[str, str]


def read(content: bytes, headers: Sequence[str], most_rows: int) -> list[Row]:
    """The rows below the header row of the first sheet; empty ones are left out.

    Raises SpreadsheetUnreadable, SpreadsheetHeaders, SpreadsheetTooLong. Takes up to half a second: not for the loop.
    """
    rows = dict[int, Mapping[int, str]]()
    for number, cells in xlsx.rows(io.BytesIO(content), _LIMITS):
        rows[number] = cells
        if len(rows) > most_rows + 1:
            raise SpreadsheetTooLong({"most": most_rows})
    if not rows:
        raise SpreadsheetHeaders({"missing": list(headers), "unknown": []})
    first, *others = rows.items()
    columns = _columns(first[1], headers)
    return [Row(number, {name: cells.get(column, "") for column, name in columns.items()}) for number, cells in others]


def template(headers: Sequence[str], notes: Iterable[str]) -> bytes:
    """An empty form: the header row, every column as text, and a second sheet with notes."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        sheet, text, bold = book.add_worksheet("导入"), book.add_format({"num_format": "@"}), {"bold": True}
        sheet.set_column(0, len(headers) - 1, 16, text)
        sheet.write_row(0, 0, headers, book.add_format(bold))
        sheet.freeze_panes(1, 0)
        remarks = book.add_worksheet("说明")
        remarks.set_column(0, 0, 80)
        remarks.write_column(0, 0, notes)
    return file.getvalue()


class Table:
    """A table of any length, row by row with little memory; a text is a text, whatever it begins with.

    What doesn't fit into one sheet goes on in the next. Slow: not for the loop, but for leaving it by an error, which
    throws away what was written.
    """

    def __init__(self, file: BinaryIO, headers: Sequence[str]) -> None:
        # In order, rows lie on the disk as soon as the next one begins.
        self._folder = tempfile.TemporaryDirectory()
        self._book = xlsxwriter.Workbook(file, {"constant_memory": True, "tmpdir": self._folder.name})
        self._headers = headers
        self._begin()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error: type[BaseException] | None, *_rest: object) -> None:
        if error is None:
            self.close()
        else:
            for sheet in self._book.worksheets():
                sheet._opt_close()  # noqa: SLF001 - the library has no other way out but to put the file together
            self._folder.cleanup()

    def _begin(self) -> None:
        self._sheet, self._row = self._book.add_worksheet(), 0
        self._write(self._headers)

    def _write(self, cells: Sequence[object]) -> None:
        for column, cell in enumerate(cells):
            if isinstance(cell, int | float):
                self._sheet.write_number(self._row, column, cell)
            elif cell:
                self._sheet.write_string(self._row, column, str(cell)[:_MOST_WRITTEN])
        self._row += 1

    def add(self, rows: Iterable[Sequence[object]]) -> None:
        """These rows come next; None is an empty cell."""
        for row in rows:
            if self._row == _SHEET_ROWS:
                self._begin()
            self._write(row)

    def close(self) -> None:
        """The file is whole; once more changes nothing."""
        if not self._book.fileclosed:
            self._book.close()
            self._folder.cleanup()


def _columns(header: Mapping[int, str], headers: Sequence[str]) -> dict[int, str]:
    given = list(header.values())
    missing = [name for name in headers if given.count(name) != 1]
    unknown = [name[:50] for name in given if name not in headers][:20]
    if missing or unknown:
        raise SpreadsheetHeaders({"missing": missing, "unknown": unknown})
    return dict(header)
