"""Notes and records of sales as a part of a customer: they follow a merge, notes lose their words on erasure.

A file of its own: it is handed to `core.customers.parts` by the list of contexts.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson

from core.customers.followups import queries
from core.customers.parts import PartKind
from core.files import service as files
from core.organisation.queries import Colleague
from infra import database
from infra.context import CustomerPart
from infra.database import Connection

_SHOWN = 10
_AT_REQUEST = "request"

_DATA = """
SELECT kind, body, next_contact_at, order_due_on, occurred_at
FROM follow_up WHERE customer_id = $1 ORDER BY occurred_at, id
"""

_RECORDS = """
SELECT kind, occurred_at FROM sales_record WHERE customer_id = $1 AND kind <> 'follow_up' ORDER BY occurred_at, id
"""

_COUNTS = """
SELECT customer_id, count(*) AS n FROM sales_record WHERE customer_id = ANY($1::uuid[]) GROUP BY customer_id
"""

_ERASE = """
WITH former AS (SELECT id, file_ids FROM follow_up WHERE customer_id = ANY($1::uuid[]) ORDER BY id FOR UPDATE)
UPDATE follow_up f SET body = NULL, file_ids = '[]', contact_id = NULL FROM former
WHERE former.id = f.id RETURNING former.file_ids
"""


async def _summary(customer_id: UUID, by: Colleague) -> list[dict[str, Any]]:
    """The last notes, as `by` may read them."""
    return [note.model_dump(mode="json") for note in await queries.latest(customer_id, by, _SHOWN)]


async def _data(customer_id: UUID) -> dict[str, Any]:
    """What was written down about the person, and when there was business."""
    notes, records = await database.fetch(_DATA, customer_id), await database.fetch(_RECORDS, customer_id)
    return {
        "notes": [orjson.loads(orjson.dumps(dict(row), default=str)) for row in notes],
        "records": [{"kind": row["kind"], "at": row["occurred_at"].isoformat()} for row in records],
    }


async def _counts(connection: Connection, customer_ids: Sequence[UUID]) -> dict[UUID, int]:
    rows = await connection.fetch(_COUNTS, list(customer_ids))
    return {UUID(int=row["customer_id"].int): row["n"] for row in rows}


async def _erase(connection: Connection, customer_ids: Sequence[UUID], kind: str) -> None:
    """At request words and files go, and that there was a contact stays; notes are the house's when somebody leaves."""
    if kind == _AT_REQUEST:
        rows = await connection.fetch(_ERASE, list(customer_ids))
        await files.release(connection, {UUID(text) for row in rows for text in orjson.loads(row["file_ids"])})


PART = CustomerPart(
    name="notes",
    title="跟进",
    kind=PartKind.NOTES,
    tables=("follow_up", "sales_record"),
    erase=_erase,
    summary=_summary,
    data=_data,
    counts=_counts,
)
