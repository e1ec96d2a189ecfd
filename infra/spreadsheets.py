"""XLSX: tables that people fill in and send back, and the empty forms for them.

Anybody who may import may send any file. It is read by a streaming parser that allocates for the cells that are there,
never for the area they span (two cells at opposite corners of a sheet span 17 thousand million); archives are unpacked
up to a limit, DTDs are refused, formulas are not evaluated: a formula's cell has the value that was stored with it.
"""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from xml.parsers.expat import ExpatError, ParserCreate

import xlsxwriter

from infra.errors import InvalidInput

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

# What a table of thousands of rows takes, many times over.
_MOST_BYTES, _MOST_MEMBERS, _MOST_ELEMENTS = 16 * 1024 * 1024, 200, 500_000
_MOST_TEXT = 2_000  # characters of a cell; longer ones are cut, and too long for any field
_PLAIN = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_ROWS = range(1, 1_048_577)  # as many as the format has
_CELL = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    ExpatError,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)


class SpreadsheetUnreadable(InvalidInput):
    """`details.reason`: not_xlsx, macros, too_large."""

    code = "spreadsheet_unreadable"
    message = "不是可读取的 XLSX 文件（不支持宏）"
    english = "This is no XLSX file that can be read (macros are not taken)"


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
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            rows = _rows(_Members(archive), most_rows)
    except _BROKEN as error:
        raise SpreadsheetUnreadable({"reason": "not_xlsx"}) from error
    if not rows:
        raise SpreadsheetHeaders({"missing": list(headers), "unknown": []})
    numbers = sorted(rows)
    columns = _columns(rows[numbers[0]], headers)
    return [
        Row(number, {name: rows[number].get(column, "") for column, name in columns.items()}) for number in numbers[1:]
    ]


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


def _columns(header: Mapping[int, str], headers: Sequence[str]) -> dict[int, str]:
    given = list(header.values())
    missing = [name for name in headers if given.count(name) != 1]
    unknown = [name[:50] for name in given if name not in headers][:20]
    if missing or unknown:
        raise SpreadsheetHeaders({"missing": missing, "unknown": unknown})
    return dict(header)


class _Members:
    """The files of an archive, unpacked up to a limit for all of them together."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._left = _MOST_BYTES
        names = archive.namelist()
        if len(names) > _MOST_MEMBERS:
            raise SpreadsheetUnreadable({"reason": "too_large"})
        if any("vbaproject" in name.lower() for name in names) or b"macroEnabled" in self.read("[Content_Types].xml"):
            raise SpreadsheetUnreadable({"reason": "macros"})

    def read(self, name: str) -> bytes:
        info = self._archive.getinfo(name.lstrip("/"))
        if info.compress_type not in _PLAIN:
            raise zipfile.BadZipFile
        with self._archive.open(info) as member:
            content = member.read(self._left + 1)
        self._left -= len(content)
        if self._left < 0:
            raise SpreadsheetUnreadable({"reason": "too_large"})
        return content


def _rows(members: _Members, most_rows: int) -> dict[int, dict[int, str]]:
    """The cells of the first sheet that hold something, by row and column from 0; a row without any isn't there."""
    parts = dict(_relations(members.read("xl/_rels/workbook.xml.rels")))
    sheets: list[str] = []

    def sheet(name: str, attributes: Mapping[str, str]) -> None:
        if name == "sheet":
            sheets.extend(value for key, value in attributes.items() if key.endswith("}id"))

    _parse(members.read("xl/workbook.xml"), sheet)
    shared = next((path for path, kind in parts.values() if kind == "sharedStrings"), None)
    texts = _Texts()
    if shared is not None:
        _parse(members.read(shared), texts.start, texts.end, texts.text)
    cells = _Cells(texts.found, most_rows)
    _parse(members.read(parts[sheets[0]][0]), cells.start, cells.end, cells.text)
    return cells.rows


def _relations(content: bytes) -> Iterator[tuple[str, tuple[str, str]]]:
    """(path in the archive, kind) by id."""
    found: list[tuple[str, tuple[str, str]]] = []

    def relation(name: str, attributes: Mapping[str, str]) -> None:
        if name == "Relationship":
            target = attributes["Target"]
            path = target if target.startswith("/") else f"xl/{target}"
            found.append((attributes["Id"], (path, attributes["Type"].rpartition("/")[2])))

    _parse(content, relation)
    yield from found


class _Texts:
    """The texts that cells share by number; how a text is read aloud (rPh) is no part of it."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._pieces: list[str] = []
        self._open = self._aloud = False

    def start(self, name: str, _attributes: Mapping[str, str]) -> None:
        self._open = name == "t" and not self._aloud
        self._aloud = self._aloud or name == "rPh"

    def end(self, name: str) -> None:
        self._open = False
        if name == "rPh":
            self._aloud = False
        elif name == "si":
            self.found.append("".join(self._pieces)[:_MOST_TEXT])
            self._pieces.clear()

    def text(self, piece: str) -> None:
        if self._open:
            self._pieces.append(piece)


class _Cells:
    """The cells of a sheet. A row or cell that doesn't say where it is follows the one before it."""

    def __init__(self, texts: Sequence[str], most_rows: int) -> None:
        self.rows: dict[int, dict[int, str]] = {}
        self._texts, self._most_rows = texts, most_rows
        self._row = self._column = 0
        self._kind = "n"
        self._pieces: list[str] = []
        self._open = self._aloud = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "row":
            self._row, self._column = int(attributes.get("r", self._row + 1)), 0
            if self._row not in _ROWS:
                raise ValueError
        elif name == "c":
            self._column = _column(attributes["r"]) if "r" in attributes else self._column + 1
            self._kind = attributes.get("t", "n")
            self._pieces.clear()
        self._open = name in {"v", "t"} and not self._aloud
        self._aloud = self._aloud or name == "rPh"

    def end(self, name: str) -> None:
        self._open = False
        if name == "rPh":
            self._aloud = False
        elif name == "c" and (value := self._value()):
            self.rows.setdefault(self._row, {})[self._column] = value
            if len(self.rows) > self._most_rows + 1:
                raise SpreadsheetTooLong({"most": self._most_rows})

    def text(self, piece: str) -> None:
        if self._open:
            self._pieces.append(piece)

    def _value(self) -> str:
        raw = "".join(self._pieces).strip()
        if not raw or self._kind in {"str", "inlineStr", "e"}:
            return raw[:_MOST_TEXT]
        if self._kind == "s":
            return self._texts[int(raw)].strip()
        if self._kind == "b":
            return "是" if raw == "1" else "否"
        return _number(raw)


def _column(reference: str) -> int:
    """1 for A."""
    found = _CELL.fullmatch(reference)
    if found is None:
        raise ValueError
    number = 0
    for letter in found[1]:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _number(raw: str) -> str:
    """A number as people write it: 13800138000, not 1.3800138E10. ISO dates stay as they are."""
    try:
        return f"{float(raw):.15g}"
    except ValueError:
        return raw[:_MOST_TEXT]


def _parse(
    content: bytes,
    start: Callable[[str, Mapping[str, str]], None],
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> None:
    """Read XML; elements are named without their namespace. Raises ExpatError, SpreadsheetUnreadable."""
    count = 0

    def started(name: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if count > _MOST_ELEMENTS:
            raise SpreadsheetUnreadable({"reason": "too_large"})
        start(name.rpartition("}")[2], attributes)

    parser = ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartElementHandler = started
    parser.StartDoctypeDeclHandler = _refuse
    if end is not None:
        ended = end
        parser.EndElementHandler = lambda name: ended(name.rpartition("}")[2])
    if text is not None:
        parser.CharacterDataHandler = text
    parser.Parse(content, True)  # noqa: FBT003 - positional only: this is all of it


def _refuse(*_declaration: object) -> None:
    raise SpreadsheetUnreadable({"reason": "not_xlsx"})
