"""Use cases around imports: looking at a table, ordering an import, cancelling it, forgetting old ones."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from uuid import UUID

import orjson

from core.customers.imports import queries, reading
from core.customers.imports.errors import ImportEnded, MappingRefused, TagsUnknown
from core.customers.imports.fields import BY_KEY, CREDIT, FIELDS, suggested
from core.customers.imports.rules import Into, header_key
from core.customers.imports.schemas import FieldOut, HeadersOut, ImportIn, ImportOut
from core.customers.privacy.errors import ConsentTextNotFound
from core.files import service as files
from core.files.purposes import TABLE
from core.organisation.queries import Colleague
from infra import audit, clock, crypto, database
from infra.database import Connection
from infra.errors import Forbidden
from infra.ids import new_id
from infra.parameters import Parameter

FILE_DAYS = Parameter(
    name="customers.import_file_days",
    default=30,
    least=1,
    most=365,
    unit="天",
    help="客户导入结束后，原文件保留的天数",
    english="How many days the file of a finished customer import is kept",
)
REPORT_DAYS = Parameter(
    name="customers.import_report_days",
    default=180,
    least=7,
    most=3_650,
    unit="天",
    help="客户导入逐行报告保留的天数",
    english="How many days the row by row report of a customer import is kept",
)

_SHOWN_ROWS = 5
_HEADERS = "customer import headers"
_KNOWN_BY = {"name", "mobile", "external_number"}
_FORGOTTEN_AT_ONCE = 10_000

_ADD = """
INSERT INTO customer_import (id, staff_id, file_id, file_name, mapping, options, dry_run, state, next_row, created,
                             linked, refused, warned, started_at)
VALUES ($1, $2, $3, $4, $5::jsonb, $6::jsonb, $7, 'waiting', 0, 0, 0, 0, 0, $8)
"""
_REMEMBER = """
INSERT INTO customer_import_mapping (id, staff_id, headers, mapping, used_at) VALUES ($1, $2, $3, $4::jsonb, $5)
ON CONFLICT (staff_id, headers) DO UPDATE SET mapping = excluded.mapping, used_at = excluded.used_at
"""
_CONSENT = "SELECT EXISTS (SELECT FROM consent_text WHERE purpose = $1 AND version = $2)"
_TAGS = "SELECT id FROM tag WHERE id = ANY($1::uuid[]) AND rule IS NULL AND deleted_at IS NULL"
_CANCEL = """
UPDATE customer_import SET state = 'cancelled', ended_at = $2, lease_until = NULL
WHERE id = $1 AND state IN ('waiting', 'running')
"""
_OLD_FILES = """
SELECT file_id FROM customer_import GROUP BY file_id
HAVING bool_and(COALESCE(ended_at < $1, false)) AND file_id IN (SELECT id FROM stored_file) LIMIT $2
"""
_OLD_ROWS = """
DELETE FROM customer_import_row WHERE id IN (
    SELECT r.id FROM customer_import i JOIN customer_import_row r ON r.run_id = i.id WHERE i.ended_at < $1 LIMIT $2
)
"""


async def look_at(by: Colleague, file_id: UUID) -> HeadersOut:
    """The columns of a table that the caller uploaded, its first rows, and which field each column probably is.

    Raises FileNotFound, SpreadsheetUnreadable, CsvUnreadable, TableRefused.
    """
    await reading.expect_own(file_id, by.id)
    async with reading.opened(file_id) as table:
        headers, rows = table.headers, await table.take(_SHOWN_ROWS)
    custom = await queries.custom_by_key()
    known = await queries.remembered(_digest(headers), by.id, custom)
    return HeadersOut(
        headers=headers,
        rows=[list(row.cells) for row in rows],
        mapping=known or suggested(headers, [(key, field.name) for key, field in custom.items()]),
        remembered=known is not None,
        fields=[
            *(FieldOut(key=field.key, title=field.title) for field in FIELDS),
            *(FieldOut(key=key, title=field.name) for key, field in custom.items()),
        ],
    )


async def headers_of(by: Colleague, file_id: UUID) -> list[str]:
    """The columns alone. Raises as `look_at` does."""
    await reading.expect_own(file_id, by.id)
    async with reading.opened(file_id) as table:
        return table.headers


async def order(by: Colleague, body: ImportIn, headers: Sequence[str]) -> ImportOut:
    """Have a table (with these headers) read in the background.

    Raises FileNotFound, MappingRefused, TagsUnknown, ConsentTextNotFound, Forbidden (into the pool
    without pool:write, credit without customers:credit).
    """
    if body.into is Into.POOL and not by.may("pool:write"):
        raise Forbidden({"permission": "pool:write"})
    if CREDIT & set(body.mapping) and not by.may("customers:credit"):
        raise Forbidden({"permission": "customers:credit"})
    check_mapping(body, headers, await queries.custom_by_key())
    run_id, name = new_id(), await reading.expect_own(body.file_id, by.id)
    mapping = orjson.dumps(body.mapping).decode()
    options = body.model_dump(mode="json", include={"into", "on_possible_duplicate", "consent"})
    stored = options | {"tag_ids": [str(tag_id) for tag_id in body.tag_ids]}
    async with database.transaction() as connection:
        await files.keep(connection, [body.file_id], by.id, purpose=TABLE.name)
        await _expect_tags(connection, body.tag_ids)
        consent = body.consent
        if consent and not await connection.fetchval(_CONSENT, consent.purpose, consent.version):
            raise ConsentTextNotFound
        now = clock.now()
        values = (run_id, by.id, body.file_id, name, mapping, orjson.dumps(stored).decode(), body.dry_run, now)
        await connection.execute(_ADD, *values)
        await connection.execute(_REMEMBER, new_id(), by.id, _digest(headers), mapping, now)
        details = options | {"dry_run": body.dry_run, "fields": sorted(key for key in body.mapping if key)}
        await audit.note("customer_import.ordered", "customer_import", run_id, details)
        return await queries.run(run_id, by)


def check_mapping(body: ImportIn, headers: Sequence[str], custom: Collection[str]) -> None:
    """Raises MappingRefused."""
    given = [key for key in body.mapping if key]
    wrong = {
        "unknown": sorted({key for key in given if key not in BY_KEY and key not in custom}),
        "twice": sorted({key for key in given if given.count(key) > 1}),
        "too_many": given if len(body.mapping) > len(headers) else [],
        "nothing_to_know_by": [] if _KNOWN_BY & set(given) else sorted(_KNOWN_BY),
        "owner_missing": ["owner"] if body.into is Into.COLUMN and "owner" not in given else [],
    }
    for reason, fields in wrong.items():
        if fields:
            raise MappingRefused({"reason": reason, "fields": fields})


async def _expect_tags(connection: Connection, tag_ids: Sequence[UUID]) -> None:
    found = {row["id"] for row in await connection.fetch(_TAGS, list(tag_ids))}
    if missing := set(tag_ids) - found:
        raise TagsUnknown({"tag_ids": sorted(str(tag_id) for tag_id in missing)})


async def cancel(run_id: UUID, by: Colleague) -> ImportOut:
    """Stop an import; what was taken stays. Raises ImportNotFound, ImportEnded."""
    await queries.run(run_id, by)
    async with database.transaction() as connection:
        if await connection.execute(_CANCEL, run_id, clock.now()) != "UPDATE 1":
            raise ImportEnded
        await audit.note("customer_import.cancelled", "customer_import", run_id)
    return await queries.run(run_id, by)


def _digest(headers: Sequence[str]) -> bytes:
    return crypto.digest(_HEADERS, header_key(headers))


async def forget_old() -> int:
    """Remove the files and reports of imports that ended long ago; returns how many files and rows."""
    now, forgotten = clock.now(), 0
    before = now - timedelta(days=await FILE_DAYS.get())
    while old := [row["file_id"] for row in await database.fetch(_OLD_FILES, before, _FORGOTTEN_AT_ONCE)]:
        async with database.transaction() as connection:
            forgotten += await files.release(connection, old)
    before = now - timedelta(days=await REPORT_DAYS.get())
    while gone := await database.execute(_OLD_ROWS, before, _FORGOTTEN_AT_ONCE):
        forgotten += gone
    return forgotten
