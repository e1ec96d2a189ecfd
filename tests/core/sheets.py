"""Forms filled in, for tests of imports."""

import io
from collections.abc import Mapping, Sequence

import xlsxwriter

from infra.spreadsheets import MEDIA_TYPE


def filled(headers: Sequence[str], rows: Sequence[Mapping[str, object]]) -> bytes:
    """A form with rows; what a row doesn't name stays empty."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, headers)
        for number, row in enumerate(rows, start=1):
            sheet.write_row(number, 0, [row.get(header, "") for header in headers])
    return file.getvalue()


def sent(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers of a request that brings a form."""
    return {**headers, "Content-Type": MEDIA_TYPE}
