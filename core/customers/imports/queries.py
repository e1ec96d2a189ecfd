"""Reading imports, their reports, and how tables were mapped before."""

from collections.abc import AsyncIterator, Collection, Sequence
from typing import Any
from uuid import UUID

import orjson

from core.custom_fields import queries as custom_fields
from core.custom_fields.rules import Field as CustomField
from core.custom_fields.rules import Subject
from core.customers.imports.errors import ImportNotFound
from core.customers.imports.fields import BY_KEY, CUSTOM
from core.customers.imports.rules import WORDS
from core.customers.imports.schemas import ImportOut
from core.organisation.queries import Colleague
from core.organisation.scopes import Values, of_staff
from infra import csv, database

_COLUMNS = """
id, staff_id, file_name, dry_run, options, state, rows, next_row AS done, created, linked, refused, warned, error,
started_at, ended_at
"""
_RUN = f"SELECT {_COLUMNS} FROM customer_import WHERE id = $1 AND {{reach}}"
_RUNS = f"""
SELECT {_COLUMNS} FROM customer_import WHERE {{reach}} AND ($1::uuid IS NULL OR id < $1) ORDER BY id DESC LIMIT $2
"""

# The own mapping first, then the one used last by anybody.
_MAPPING = """
SELECT mapping FROM customer_import_mapping WHERE headers = $1 ORDER BY staff_id = $2 DESC, used_at DESC LIMIT 1
"""

_REPORT = """
SELECT id, "row", outcome, code, "column" FROM customer_import_row
WHERE run_id = $1 AND ("row", id) > ($2, $3) ORDER BY "row", id LIMIT $4
"""
_REPORT_HEAD = ("行号", "结果", "代码", "说明", "列")
_OUTCOMES = {"created": "已新增", "linked": "已关联", "refused": "未导入", "warned": "已导入，请核对"}
_REPORT_CHUNK = 2_000


def _out(row: Any) -> ImportOut:
    options = orjson.loads(row["options"])
    return ImportOut(**{name: row[name] for name in row.keys() if name != "options"}, **options)  # noqa: SIM118 - a record's keys


async def run(run_id: UUID, by: Colleague) -> ImportOut:
    """An import of a colleague in reach. Raises ImportNotFound."""
    values = Values(run_id)
    row = await database.fetch_one(_RUN.format(reach=of_staff(by, values.put, "staff_id")), *values)
    if row is None:
        raise ImportNotFound
    return _out(row)


async def runs(by: Colleague, before: UUID | None, limit: int) -> list[ImportOut]:
    """Imports of colleagues in reach, the latest first."""
    values = Values(before, limit)
    rows = await database.fetch(_RUNS.format(reach=of_staff(by, values.put, "staff_id")), *values)
    return [_out(row) for row in rows]


async def custom_by_key() -> dict[str, CustomField]:
    """The custom fields a column can be, by the key that a mapping names."""
    found = await custom_fields.fields(Subject.CUSTOMER)
    return {f"{CUSTOM}{field.key}": field for field in found}


async def remembered(headers: bytes, by: UUID, known: Collection[str]) -> list[str | None] | None:
    """How a table with these headers (their digest) was mapped before; fields that are gone are left out."""
    row = await database.fetch_one(_MAPPING, headers, by)
    if row is None:
        return None
    return [key if key in known or key in BY_KEY else None for key in orjson.loads(row["mapping"])]


async def refused_rows(run_id: UUID) -> set[int]:
    """The numbers of the rows that were left out so far."""
    rows = await database.fetch(
        """SELECT DISTINCT "row" FROM customer_import_row WHERE run_id = $1 AND outcome = 'refused'""", run_id
    )
    return {row["row"] for row in rows}


async def report(run_id: UUID) -> AsyncIterator[str]:
    """The report as CSV: each row that was not simply taken, what became of it, why, and which column it is about."""
    yield csv.BEGINNING + csv.line(_REPORT_HEAD)
    row, id_ = 0, 0
    while rows := await database.fetch(_REPORT, run_id, row, id_, _REPORT_CHUNK):
        yield csv.lines(map(_cells, rows))
        row, id_ = rows[-1]["row"], rows[-1]["id"]


def _cells(row: Any) -> Sequence[object]:
    return row["row"], _OUTCOMES[row["outcome"]], row["code"], WORDS.get(row["code"], ""), row["column"]
