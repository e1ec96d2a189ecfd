"""Tables as CSV that spreadsheets open as meant: UTF-8 with a mark, and no cell that is taken for a formula."""

import csv
import io
from collections.abc import Iterable

# Spreadsheets take UTF-8 for something else without it.
BEGINNING = "\ufeff"

# A cell that begins so would be run (https://owasp.org/www-community/attacks/CSV_Injection).
_RUNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def line(cells: Iterable[object]) -> str:
    """A line of the table; None is an empty cell, and a dangerous text gets an apostrophe in front."""
    text = io.StringIO()
    csv.writer(text).writerow([_cell(cell) for cell in cells])
    return text.getvalue()


def _cell(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_RUNS) else cell
