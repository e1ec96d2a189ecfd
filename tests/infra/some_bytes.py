"""Small real files of every kind, made here, and things that only look like them."""

import io
import zipfile

from PIL import Image

JPEG_ORIENTATION = 0x0112
GPS = 0x8825


def picture(form="JPEG", size=(640, 480), mode="RGB", orientation=None, *, gps=False):
    """A picture whose upper left quarter is red and the rest green; with EXIF if asked for."""
    image = Image.new(mode, size, {"RGB": (0, 160, 0), "RGBA": (0, 160, 0, 128)}.get(mode, 0))
    if mode.startswith("RGB"):
        image.paste((200, 0, 0) if mode == "RGB" else (200, 0, 0, 255), (0, 0, size[0] // 2, size[1] // 2))
    exif = Image.Exif()
    if orientation:
        exif[JPEG_ORIENTATION] = orientation
    if gps:
        exif[GPS] = {1: "N", 2: (31.0, 14.0, 3.0), 3: "E", 4: (121.0, 29.0, 1.0)}
    out = io.BytesIO()
    image.save(out, form, **({"exif": exif} if len(exif) else {}))
    return out.getvalue()


def archive(*names):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name in names:
            made.writestr(name, "<x/>")
    return out.getvalue()


def office(part, *more):
    return archive("[Content_Types].xml", "_rels/.rels", part, *more)


XLSX = office("xl/workbook.xml")
DOCX = office("word/document.xml")
PPTX = office("ppt/presentation.xml")
PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< >>\n%%EOF\n"
MP3 = b"ID3\x04\x00\x00\x00\x00\x00\x00" + b"\xff\xfb\x90\x00" + bytes(400)
AMR = b"#!AMR\n" + bytes(64)
M4A = b"\x00\x00\x00\x18ftypM4A \x00\x00\x02\x00isomiso2" + bytes(64)
MP4 = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2" + bytes(64)

OF_TYPE = {
    "image/jpeg": picture("JPEG"),
    "image/png": picture("PNG"),
    "image/gif": picture("GIF"),
    "image/webp": picture("WEBP"),
    "application/pdf": PDF,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": XLSX,
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": DOCX,
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": PPTX,
    "audio/mpeg": MP3,
    "audio/amr": AMR,
    "audio/mp4": M4A,
    "video/mp4": MP4,
}

GIF = OF_TYPE["image/gif"]
REFUSED = {
    "empty": b"",
    "text": b"hello",
    "html": b"<!DOCTYPE html><html><script>alert(1)</script></html>",
    "svg": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "program": b"\x7fELF" + bytes(64),
    "windows_program": b"MZ" + bytes(64),
    "script": b"#!/bin/sh\nrm -rf /\n",
    "old_word": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
    "archive": archive("readme.txt"),
    "archive_of_two_documents": office("word/document.xml", "xl/workbook.xml"),
    "document_with_macros": office("word/document.xml", "word/vbaProject.bin"),
    "broken_document": DOCX[:-10],
    "document_with_a_tail": DOCX + b"tail",
    "gif_that_is_a_page": GIF[:13] + b"<script>alert(1)</script>" + GIF[13:],
    "gif_that_is_a_script": b"GIF89a/*<SCRIPT>*/=1",
    "jpeg_that_is_an_archive": picture("JPEG") + archive("Evil.class"),
    "jpeg_that_is_a_pdf": picture("JPEG")[:20] + PDF + bytes(64),
    "pdf_that_is_an_archive": PDF + archive("x"),
    "pdf_that_is_a_page": b"%PDF-1.7\n<html><script>alert(1)</script>",
    "pdf_after_something": b"x" + PDF,
    "quicktime": b"\x00\x00\x00\x18ftypqt  \x00\x00\x02\x00qt  " + bytes(64),
    "tiff": picture("TIFF"),
    "bmp": picture("BMP"),
}
