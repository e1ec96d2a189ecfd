"""Searching the log: the newest first, each filter along an index of its own."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from core.audit.checking import check
from core.audit.schemas import AuditFilters, AuditOut, ChainOut, CheckOut
from core.organisation.queries import Colleague
from core.organisation.scopes import Values, staff_in_reach
from infra import csv, database
from infra.parameters import Parameter

CHECKED_AT_ONCE = Parameter(
    name="audit.checked_at_once",
    default=20_000,
    least=100,
    most=1_000_000,
    unit="条",
    help="查看审计链状态时当场校验的最新记录数",
    english="How many of the newest records are checked while the state of the audit chain is looked at",
)

_BATCH = 1_000
_LAST_CHARACTER = "\U0010ffff"

# One look per action: together with the time, that is the order of an index.
_ACTIONS = """
WITH RECURSIVE known (action) AS (
    SELECT (SELECT action FROM audit WHERE action >= $1 AND action < $2 ORDER BY action LIMIT 1)
    UNION ALL
    SELECT (SELECT a.action FROM audit a WHERE a.action > k.action AND a.action < $2 ORDER BY a.action LIMIT 1)
    FROM known k WHERE k.action IS NOT NULL
) SELECT action FROM known WHERE action IS NOT NULL
"""

_ROWS = "SELECT * FROM audit a WHERE {conditions} ORDER BY a.created_at DESC, a.id DESC LIMIT $1"

_ROWS_OF_ACTIONS = """
SELECT found.* FROM unnest({actions}::text[]) AS wanted (action)
CROSS JOIN LATERAL (SELECT * FROM audit a WHERE a.action = wanted.action AND {conditions}
    ORDER BY a.created_at DESC, a.id DESC LIMIT $1) found
ORDER BY found.created_at DESC, found.id DESC LIMIT $1
"""

_NAMED = """
SELECT r.*, s.name AS actor_name FROM ({rows}) r
LEFT JOIN staff s ON s.id = CASE WHEN r.actor LIKE 'staff:%' THEN substr(r.actor, 7)::uuid END
ORDER BY r.created_at DESC, r.id DESC
"""

_LAST_CHECK = """
SELECT created_at, actor, details FROM audit WHERE action = 'audit.verified' ORDER BY created_at DESC, id DESC LIMIT 1
"""


async def search_sql(
    by: Colleague, filters: AuditFilters, before: tuple[datetime, UUID] | None, limit: int
) -> tuple[str, list[object]]:
    """The statement of a page and its values; `by` sees what colleagues in reach did."""
    values = Values(limit)
    put = values.put
    conditions = ["true"]
    asked = {
        "a.actor = {}": filters.actor,
        "a.actor = {}::text": filters.staff_id and f"staff:{filters.staff_id}",
        "a.subject_kind = {}": filters.subject_kind,
        "a.subject_id = {}": filters.subject_id,
        "a.created_at >= {}": filters.since,
        "a.created_at < {}": filters.until,
    }
    conditions += [condition.format(put(value)) for condition, value in asked.items() if value is not None]
    if before is not None:
        # The first of both alone tells which partitions are wanted.
        at, id_ = put(before[0]), put(before[1])
        conditions.append(f"a.created_at <= {at} AND (a.created_at, a.id) < ({at}, {id_})")
    if (within := staff_in_reach(by, put)) is not None:
        conditions.append(f"a.actor IN (SELECT 'staff:'::text || reach.id FROM ({within}) AS reach (id))")
    where = " AND ".join(conditions)
    if filters.action is None:
        return _NAMED.format(rows=_ROWS.format(conditions=where)), values
    known = await database.fetch(_ACTIONS, filters.action, filters.action + _LAST_CHARACTER)
    actions = put([row["action"] for row in known])
    return _NAMED.format(rows=_ROWS_OF_ACTIONS.format(actions=actions, conditions=where)), values


async def page(
    by: Colleague, filters: AuditFilters, before: tuple[datetime, UUID] | None, limit: int
) -> list[AuditOut]:
    """What passes the filters before a moment (time and id), newest first."""
    sql, values = await search_sql(by, filters, before, limit)
    return [_told(row) for row in await database.fetch(sql, *values)]


async def table(by: Colleague, filters: AuditFilters) -> AsyncIterator[str]:
    """All of it as CSV, read a thousand rows at a time."""
    columns = list(AuditOut.model_fields)
    yield csv.BEGINNING + csv.line(columns)
    before = None
    while True:
        rows = await page(by, filters, before, _BATCH)
        yield "".join(csv.line(_cells(row)) for row in rows)
        if len(rows) < _BATCH:
            return
        before = rows[-1].created_at, rows[-1].id


def _told(row: asyncpg.Record) -> AuditOut:
    return AuditOut(**dict(row) | {"details": orjson.loads(row["details"])})


def _cells(row: AuditOut) -> list[Any]:
    return list((row.model_dump(mode="json") | {"details": orjson.dumps(row.details).decode()}).values())


async def chain() -> ChainOut:
    """How the chain stands: its newest places are checked now, the whole of it was last checked by the daily job."""
    verdict = await check(newest=await CHECKED_AT_ONCE.get())
    waiting = await database.fetch("SELECT count(*) AS n FROM audit_unsealed")
    last = await database.fetch_one(_LAST_CHECK)
    return ChainOut(
        rows=verdict.head.seq,
        waiting=waiting[0]["n"],
        head=str(verdict.head),
        intact=verdict.intact,
        fault=verdict.fault,
        place=verdict.place,
        checked_since=verdict.since,
        last_check=_checked(last) if last else None,
    )


def _checked(row: asyncpg.Record) -> CheckOut:
    details = orjson.loads(row["details"])
    return CheckOut(
        at=row["created_at"], by=row["actor"], rows=details["rows"], fault=details["fault"], place=details["place"]
    )
