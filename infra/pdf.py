"""A PDF of pictures, one a page, written as a stream: each page goes out before the next is drawn.

The compressed data of a PNG stands in a PDF as it is (ISO 32000-1 §7.4.4.4: predictor 15), so nothing is lost.
"""

import struct
from collections.abc import Iterator

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_RGB = (8, 2, 0, 0, 0)  # bits, colour type, compression, filter, no interlace
_CATALOG, _PAGES = 1, 2
_POINTS_PER_PIXEL = 0.6  # 120 pixels an inch


class NoRgbPng(ValueError):
    """Not a PNG of 8-bit RGB without interlace."""


class Pdf:
    """`page` and `end` give the bytes that come next in the file."""

    def __init__(self) -> None:
        self._offsets = dict[int, int]()
        self._pages = list[int]()
        self._length = 0

    def page(self, png: bytes) -> bytes:
        """One more page, as large as the picture. Raises NoRgbPng."""
        width, height, data = _parts(png)
        box = f"{width * _POINTS_PER_PIXEL:g} {height * _POINTS_PER_PIXEL:g}"
        draw = f"q {box.replace(' ', ' 0 0 ')} 0 0 cm /P Do Q".encode()
        page = 3 + 3 * len(self._pages)
        self._pages.append(page)
        image = (
            f"/Type /XObject /Subtype /Image /Width {width} /Height {height} /ColorSpace /DeviceRGB /BitsPerComponent 8"
            f" /Filter /FlateDecode /DecodeParms << /Predictor 15 /Colors 3 /BitsPerComponent 8 /Columns {width} >>"
        )
        parts = [
            self._head(),
            self._object(
                page,
                f"<< /Type /Page /Parent {_PAGES} 0 R /MediaBox [0 0 {box}] /Contents {page + 1} 0 R"
                f" /Resources << /XObject << /P {page + 2} 0 R >> >> >>".encode(),
            ),
            self._object(page + 1, _stream("", draw)),
            self._object(page + 2, _stream(image, data)),
        ]
        return b"".join(parts)

    def end(self) -> bytes:
        """The list of pages and the table of contents of the file."""
        kids = " ".join(f"{page} 0 R" for page in self._pages)
        head = self._head()
        pages = self._object(_PAGES, f"<< /Type /Pages /Kids [{kids}] /Count {len(self._pages)} >>".encode())
        catalog = self._object(_CATALOG, f"<< /Type /Catalog /Pages {_PAGES} 0 R >>".encode())
        size = len(self._offsets) + 1
        table = "".join(f"{self._offsets[number]:010d} 00000 n \n" for number in range(1, size))
        return (
            head
            + pages
            + catalog
            + (
                f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root {_CATALOG} 0 R >>\n"
                f"startxref\n{self._length}\n%%EOF\n"
            ).encode()
        )

    def _head(self) -> bytes:
        if self._length:
            return b""
        # The comment tells transports that this is binary (§7.5.2).
        return self._count(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")

    def _object(self, number: int, content: bytes) -> bytes:
        self._offsets[number] = self._length
        return self._count(b"%d 0 obj\n%s\nendobj\n" % (number, content))

    def _count(self, written: bytes) -> bytes:
        self._length += len(written)
        return written


def _stream(entries: str, data: bytes) -> bytes:
    return f"<< {entries} /Length {len(data)} >>\nstream\n".encode() + data + b"\nendstream"


def _parts(png: bytes) -> tuple[int, int, bytes]:
    """Width, height and compressed rows."""
    chunks = list(_chunks(png))
    if not chunks or chunks[0][0] != b"IHDR":
        raise NoRgbPng
    width, height, *form = struct.unpack(">IIBBBBB", chunks[0][1])
    if tuple(form) != _RGB:
        raise NoRgbPng
    return width, height, b"".join(data for kind, data in chunks if kind == b"IDAT")


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    if not png.startswith(_SIGNATURE):
        raise NoRgbPng
    at = len(_SIGNATURE)
    while at < len(png):
        length, kind = struct.unpack_from(">I4s", png, at)
        yield kind, png[at + 8 : at + 8 + length]
        at += length + 12
