"""Tables that people have, CSV or XLSX: a header row, then rows, read one after the other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from infra import csv, xlsx
from infra.errors import InvalidInput
from infra.xlsx import Limits

_ZIP = b"PK"
_MOST_HEADER = 100  # characters that tell a column from others


class TableRefused(InvalidInput):
    """`details.reason`: empty, too_many_columns (`most`), too_many_rows (`most`)."""

    code = "table_refused"
    message = "表格为空，或列数、行数过多"
    english = "The table is empty, or has too many columns or rows"


@dataclass(frozen=True, slots=True)
class Row:
    """A row with something in it: its number as spreadsheets count, and a text for each header.

    `is_too_wide`: it has more cells than there are headers, so perhaps all of them stand in the wrong place.
    """

    number: int
    cells: Sequence[str]
    is_too_wide: bool


@dataclass(frozen=True, slots=True)
class Table:
    """`headers` may hold empty ones and the same twice: a column is known by its place."""

    headers: Sequence[str]
    rows: Iterator[Row]


def read(file: BinaryIO, limits: Limits, *, most_columns: int, most_rows: int) -> Table:
    """The table in a file, whose rows are read as they are asked for.

    Raises SpreadsheetUnreadable, CsvUnreadable, TableRefused, at once or on the way. Slow: not for the loop.
    """
    file.seek(0)
    is_xlsx = file.read(len(_ZIP)) == _ZIP
    file.seek(0)
    found = xlsx.rows(file, limits) if is_xlsx else csv.rows(file)
    first = next(found, None)
    if first is None:
        raise TableRefused({"reason": "empty"})
    width = max(first[1])
    if width > most_columns:
        raise TableRefused({"reason": "too_many_columns", "most": most_columns})
    headers = [first[1].get(column, "")[:_MOST_HEADER] for column in range(1, width + 1)]
    return Table(headers, _rows(found, width, most_rows))


def _rows(found: Iterator[tuple[int, dict[int, str]]], width: int, most_rows: int) -> Iterator[Row]:
    columns = range(1, width + 1)
    for count, (number, cells) in enumerate(found, start=1):
        if count > most_rows:
            raise TableRefused({"reason": "too_many_rows", "most": most_rows})
        yield Row(number, [cells.get(column, "") for column in columns], max(cells) > width)
