"""Reading XLSX from anybody, row by row.

The parser streams: it allocates for the cells of a row that are there, never for the area they span (two cells at
opposite corners of a sheet span 17 thousand million), and the texts that cells share lie in a temporary file. Archives
are unpacked up to a limit, DTDs are refused, formulas are not evaluated: a formula's cell has the value stored with it.
"""

import re
import struct
import tempfile
import zipfile
import zlib
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO
from xml.parsers.expat import ExpatError, ParserCreate

from infra.errors import InvalidInput

_MOST_MEMBERS = 200
_MOST_TEXT = 2_000  # characters of a cell; longer ones are cut, and too long for any field
_MOST_TOKEN = 1_048_576  # bytes of one tag, which the parser holds as a whole
_READ_BYTES = 65_536
_PLAIN = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_MOST_ROW = 1_048_576  # as many as the format has
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


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file may unpack to in all: bytes, and elements of XML."""

    unpacked: int
    elements: int


def rows(file: BinaryIO, limits: Limits) -> Iterator[tuple[int, dict[int, str]]]:
    """Of the first sheet, the number of each row that holds something, and its cells as text by column from 1.

    Raises SpreadsheetUnreadable. Slow (a microsecond per element): not for the loop.
    """
    try:
        with zipfile.ZipFile(file) as archive, tempfile.TemporaryFile() as shared:
            yield from _rows(_Members(archive, limits), shared)
    except _BROKEN as error:
        raise SpreadsheetUnreadable({"reason": "not_xlsx"}) from error


class _Members:
    """The files of an archive, unpacked up to the limits for all of them together."""

    def __init__(self, archive: zipfile.ZipFile, limits: Limits) -> None:
        self._archive = archive
        self._bytes, self._elements = limits.unpacked, limits.elements
        names = archive.namelist()
        if len(names) > _MOST_MEMBERS:
            raise SpreadsheetUnreadable({"reason": "too_large"})
        macros = any("vbaproject" in name.lower() for name in names)
        if macros or b"macroEnabled" in b"".join(self.chunks("[Content_Types].xml")):
            raise SpreadsheetUnreadable({"reason": "macros"})

    def chunks(self, name: str) -> Iterator[bytes]:
        info = self._archive.getinfo(name.lstrip("/"))
        if info.compress_type not in _PLAIN:
            raise zipfile.BadZipFile
        # No more than what is declared is ever unpacked.
        self._bytes -= info.file_size
        if self._bytes < 0:
            raise SpreadsheetUnreadable({"reason": "too_large"})
        with self._archive.open(info) as member:
            while chunk := member.read(_READ_BYTES):
                yield chunk

    def parse(
        self,
        name: str,
        start: Callable[[str, Mapping[str, str]], None],
        end: Callable[[str], None] | None = None,
        text: Callable[[str], None] | None = None,
    ) -> Iterator[None]:
        """Read a member of XML bit by bit; elements are named without their namespace."""
        names = dict[str, str]()

        def started(name: str, attributes: dict[str, str]) -> None:
            self._elements -= 1
            if self._elements < 0:
                raise SpreadsheetUnreadable({"reason": "too_large"})
            if name not in names:
                names[name] = name.rpartition("}")[2]
            start(names[name], attributes)

        parser = ParserCreate(namespace_separator="}")
        parser.buffer_text = True
        parser.StartElementHandler = started
        parser.StartDoctypeDeclHandler = _refuse
        if end is not None:
            ended = end
            parser.EndElementHandler = lambda name: ended(names[name])
        if text is not None:
            parser.CharacterDataHandler = text
        read = 0
        for chunk in self.chunks(name):
            parser.Parse(chunk, False)  # noqa: FBT003 - positional only: there is more
            read += len(chunk)
            if read - parser.CurrentByteIndex > _MOST_TOKEN:
                raise SpreadsheetUnreadable({"reason": "too_large"})
            yield
        parser.Parse(b"", True)  # noqa: FBT003 - as above: this was all of it
        yield


def _refuse(*_declaration: object) -> None:
    raise SpreadsheetUnreadable({"reason": "not_xlsx"})


def _rows(members: _Members, shared: BinaryIO) -> Iterator[tuple[int, dict[int, str]]]:
    parts = _relations(members)
    sheets: list[str] = []

    def sheet(name: str, attributes: Mapping[str, str]) -> None:
        if name == "sheet":
            sheets.extend(value for key, value in attributes.items() if key.endswith("}id"))

    _all_of(members.parse("xl/workbook.xml", sheet))
    texts = _Texts(shared)
    path = next((path for path, kind in parts.values() if kind == "sharedStrings"), None)
    if path is not None:
        _all_of(members.parse(path, texts.start, texts.end, texts.piece.add))
    cells = _Cells(texts)
    for _ in members.parse(parts[sheets[0]][0], cells.start, cells.end, cells.piece.add):
        yield from cells.whole
        cells.whole.clear()


def _all_of(steps: Iterable[None]) -> None:
    for _ in steps:
        pass


def _relations(members: _Members) -> dict[str, tuple[str, str]]:
    """(path in the archive, kind) by id."""
    found: dict[str, tuple[str, str]] = {}

    def relation(name: str, attributes: Mapping[str, str]) -> None:
        if name == "Relationship":
            target = attributes["Target"]
            path = target if target.startswith("/") else f"xl/{target}"
            found[attributes["Id"]] = (path, attributes["Type"].rpartition("/")[2])

    _all_of(members.parse("xl/_rels/workbook.xml.rels", relation))
    return found


class _Piece:
    """The text of one element, cut; how a text is read aloud (rPh) is no part of it."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = 0
        self._open = self._aloud = False

    def start(self, *, is_text: bool, is_aloud: bool) -> None:
        self._open = is_text and not self._aloud
        self._aloud = self._aloud or is_aloud

    def end(self, *, is_aloud: bool) -> None:
        self._open = False
        if is_aloud:
            self._aloud = False

    def add(self, piece: str) -> None:
        if self._open and self._length < _MOST_TEXT:
            self._pieces.append(piece)
            self._length += len(piece)

    def take(self) -> str:
        text = "".join(self._pieces)[:_MOST_TEXT]
        self._pieces.clear()
        self._length = 0
        return text


class _Texts:
    """The texts that cells share by number, in a file: there may be a million."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._ends = file, array("Q", [0])
        self.piece = _Piece()

    def start(self, name: str, _attributes: Mapping[str, str]) -> None:
        self.piece.start(is_text=name == "t", is_aloud=name == "rPh")

    def end(self, name: str) -> None:
        self.piece.end(is_aloud=name == "rPh")
        if name == "si":
            self._ends.append(self._ends[-1] + self._file.write(self.piece.take().encode()))

    def __getitem__(self, number: int) -> str:
        if number < 0:
            raise IndexError
        begin, end = self._ends[number], self._ends[number + 1]
        self._file.seek(begin)
        return self._file.read(end - begin).decode()


class _Cells:
    """The cells of a sheet; `whole` are the rows that ended. What doesn't say where it is follows the one before."""

    def __init__(self, texts: _Texts) -> None:
        self.whole: list[tuple[int, dict[int, str]]] = []
        self.piece = _Piece()
        self._texts, self._cells = texts, dict[int, str]()
        self._row = self._column = 0
        self._kind = "n"

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "c":
            self._column = _column(attributes["r"]) if "r" in attributes else self._column + 1
            self._kind = attributes.get("t", "n")
            self.piece.take()
        elif name == "row":
            number = int(attributes.get("r", self._row + 1))
            if not self._row < number <= _MOST_ROW:
                raise ValueError
            self._row, self._column, self._cells = number, 0, {}
        self.piece.start(is_text=name in {"v", "t"}, is_aloud=name == "rPh")

    def end(self, name: str) -> None:
        self.piece.end(is_aloud=name == "rPh")
        if name == "c":
            if value := self._value():
                self._cells[self._column] = value
        elif name == "row" and self._cells:
            self.whole.append((self._row, self._cells))
            self._cells = {}

    def _value(self) -> str:
        raw = self.piece.take().strip()
        if not raw or self._kind in {"str", "inlineStr", "e"}:
            return raw
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
        return raw
