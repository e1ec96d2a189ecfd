"""What bytes are, judged by themselves: neither a name nor a header is asked.

Files that are two things at once (a picture that is also a page or an archive) are refused, since somebody's program
would take them for the other thing.
"""

import codecs
import os
import struct
import zipfile
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO

import filetype

from infra.files.errors import FileTypeRefused

HEAD_BYTES = 8_192
_MARKUP_WITHIN = 4_096
_MARKUP = (b"<!doctype", b"<html", b"<head", b"<body", b"<script", b"<iframe", b"<svg", b"<?php")
# Readers of PDF look for its mark in the first kibibyte (ISO 32000-1, annex H).
_PDF_MARK, _PDF_WITHIN = b"%PDF-", 1_024
_TEXTS = ("utf-8", "gb18030")
_ZIP_MARK = b"PK\x03\x04"
_ZIP_END, _ZIP_END_BYTES, _LONGEST_COMMENT = b"PK\x05\x06", 22, 65_535
_ZIP64_LOCATOR, _ZIP64_LOCATOR_BYTES = b"PK\x06\x07", 20
_LARGEST_DIRECTORY = 4 * 1_048_576


class Family(StrEnum):
    """Kinds that share a limit of size."""

    IMAGE = "image"
    DOCUMENT = "document"
    TABLE = "table"
    SOUND = "sound"
    VIDEO = "video"


@dataclass(frozen=True, slots=True)
class Kind:
    """A media type and its family. `image_format` is the name that infra.images knows it by."""

    media_type: str
    family: Family
    image_format: str | None = None


_OFFICE = "application/vnd.openxmlformats-officedocument"
_SOME_OFFICE = Kind(_OFFICE, Family.DOCUMENT)
_OFFICE_PARTS = {
    "word/document.xml": Kind(f"{_OFFICE}.wordprocessingml.document", Family.DOCUMENT),
    "xl/workbook.xml": Kind(f"{_OFFICE}.spreadsheetml.sheet", Family.DOCUMENT),
    "ppt/presentation.xml": Kind(f"{_OFFICE}.presentationml.presentation", Family.DOCUMENT),
}
XLSX = _OFFICE_PARTS["xl/workbook.xml"]
CSV = Kind("text/csv", Family.TABLE)
_KINDS = {
    kind.media_type: kind
    for kind in (
        Kind("image/jpeg", Family.IMAGE, "JPEG"),
        Kind("image/png", Family.IMAGE, "PNG"),
        Kind("image/gif", Family.IMAGE, "GIF"),
        Kind("image/webp", Family.IMAGE, "WEBP"),
        Kind("application/pdf", Family.DOCUMENT),
        Kind("audio/mpeg", Family.SOUND),
        Kind("audio/amr", Family.SOUND),
        Kind("audio/mp4", Family.SOUND),
        Kind("video/mp4", Family.VIDEO),
    )
}


def kind_of_head(head: bytes) -> Kind:
    """What the first 8 KiB say; of office documents only that they may be one. Raises FileTypeRefused."""
    if head.startswith(_ZIP_MARK):
        return _SOME_OFFICE
    kind = _KINDS.get(filetype.guess_mime(head) or "")
    start = head[:_MARKUP_WITHIN].lower()
    if kind is None or any(mark in start for mark in _MARKUP):
        raise FileTypeRefused
    # A PDF begins with its mark; in anything else it makes a second thing of it.
    if (_PDF_MARK in head[:_PDF_WITHIN]) != (kind.media_type == "application/pdf"):
        raise FileTypeRefused
    return kind


def is_text_table(head: bytes) -> bool:
    """Whether the first 8 KiB may be those of a CSV file: text of one of our encodings, and nothing that is run.

    Any text may be, so it is asked only where tables are wanted.
    """
    if not head or b"\0" in head or head.startswith(b"#!") or _PDF_MARK in head[:_PDF_WITHIN]:
        return False
    start = head[:_MARKUP_WITHIN].lower()
    return not any(mark in start for mark in _MARKUP) and any(_decodes(head, encoding) for encoding in _TEXTS)


def _decodes(head: bytes, encoding: str) -> bool:
    try:
        # The last character may be cut off.
        codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def is_archive_too(file: BinaryIO) -> bool:
    """Whether an archive ends with the file, which would make it two things at once."""
    return _zip_directory_size(file) is not None


def kind_of(head: bytes, file: BinaryIO) -> Kind:
    """What the whole is. Raises FileTypeRefused. It reads the file: call it in a thread."""
    kind = kind_of_head(head)
    if kind is _SOME_OFFICE:
        return _office_kind(file)
    if is_archive_too(file):
        raise FileTypeRefused
    return kind


def _office_kind(file: BinaryIO) -> Kind:
    """By the parts that the archive lists; nothing of it is unpacked."""
    size = _zip_directory_size(file)
    if size is None or size > _LARGEST_DIRECTORY:
        raise FileTypeRefused
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error, OSError) as error:
        raise FileTypeRefused from error
    kinds = [kind for part, kind in _OFFICE_PARTS.items() if part in names]
    has_macros = any(name.lower().endswith("vbaproject.bin") for name in names)
    if len(kinds) != 1 or "[Content_Types].xml" not in names or has_macros:
        raise FileTypeRefused
    return kinds[0]


def _zip_directory_size(file: BinaryIO) -> int | None:
    """How large the list of an archive's entries is that ends with the file (APPNOTE 4.3.16); None: none does."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(size - _ZIP_END_BYTES - _LONGEST_COMMENT, 0))
    tail = file.read()
    at = tail.rfind(_ZIP_END)
    while at >= 0:
        comment = int.from_bytes(tail[at + 20 : at + 22], "little")
        if at + _ZIP_END_BYTES + comment == len(tail):
            # With 64-bit numbers the true size stands elsewhere: as large as the file, then.
            if tail.startswith(_ZIP64_LOCATOR, max(at - _ZIP64_LOCATOR_BYTES, 0)):
                return size
            return int.from_bytes(tail[at + 12 : at + 16], "little")
        at = tail.rfind(_ZIP_END, 0, at)
    return None
