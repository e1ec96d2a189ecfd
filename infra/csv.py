"""Tables as CSV. Written so that spreadsheets open them as meant: UTF-8 with a mark, no cell taken for a formula.

Read as people have them: UTF-8 with or without the mark or GB18030; commas, semicolons or tabs.
"""

import codecs
import csv
import io
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from infra.errors import InvalidInput

# Spreadsheets take UTF-8 for something else without it.
BEGINNING = "\ufeff"

# A cell that begins so would be run (https://owasp.org/www-community/attacks/CSV_Injection).
_RUNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

_ENCODINGS = ("utf-8-sig", "gb18030")
_SEPARATORS = ",;\t"
_READ_BYTES = 262_144


class CsvUnreadable(InvalidInput):
    """`details.reason`: encoding, or format (with the `row`: a quote that never ends, mostly)."""

    code = "csv_unreadable"
    message = "不是可读取的 CSV 文件（须为 UTF-8 或 GB18030 编码）"
    english = "This is no CSV file that can be read (UTF-8 or GB18030)"


def line(cells: Iterable[object]) -> str:
    """A line of the table; None is an empty cell, and a dangerous text gets an apostrophe in front."""
    return lines([cells])


def lines(rows: Iterable[Iterable[object]]) -> str:
    """Lines of the table."""
    text = io.StringIO()
    csv.writer(text).writerows([_cell(cell) for cell in cells] for cells in rows)
    return text.getvalue()


def _cell(cell: object) -> object:
    return harmless(cell) if isinstance(cell, str) else cell


def harmless(text: str) -> str:
    """The text with an apostrophe in front when a spreadsheet would run it."""
    return f"'{text}" if text.startswith(_RUNS) else text


def rows(file: BinaryIO) -> Iterator[tuple[int, dict[int, str]]]:
    """The number of each row that holds something, and its cells by column from 1, as infra.xlsx gives them.

    Raises CsvUnreadable. Slow: not for the loop.
    """
    text = io.TextIOWrapper(file, _encoding_of(file), newline="")
    try:
        separator = _separator_of(text)
        reader, number = csv.reader(text, delimiter=separator), 0
        try:
            for number, cells in enumerate(reader, start=1):
                found = {column: value for column, cell in enumerate(cells, start=1) if (value := cell.strip())}
                if found:
                    yield number, found
        except csv.Error as error:
            raise CsvUnreadable({"reason": "format", "row": number + 1}) from error
    finally:
        if not file.closed:
            text.detach()


def _encoding_of(file: BinaryIO) -> str:
    """What all of the file can be read in."""
    for encoding in _ENCODINGS:
        file.seek(0)
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            while chunk := file.read(_READ_BYTES):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        file.seek(0)
        return encoding
    raise CsvUnreadable({"reason": "encoding"})


def _separator_of(text: io.TextIOWrapper) -> str:
    """The one there is most of in the first line that holds something."""
    line = "\n"
    while line.isspace():
        line = text.readline(_READ_BYTES)
    text.seek(0)
    bare = "".join(line.split('"')[::2])
    return max(_SEPARATORS, key=bare.count)
