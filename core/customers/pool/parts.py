"""The ledger of ownership as a part of a customer: it follows a merge and stays when a person is forgotten.

A file of its own: it is handed to `core.customers.parts` by the list of contexts.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from core.customers.parts import PartKind
from infra import database
from infra.context import CustomerPart
from infra.database import Connection

_DATA = "SELECT reason, changed_at FROM customer_owner_change WHERE customer_id = $1 ORDER BY id"

_COUNTS = """
SELECT customer_id, count(*) AS n FROM customer_owner_change WHERE customer_id = ANY($1::uuid[]) GROUP BY customer_id
"""


async def _data(customer_id: UUID) -> list[dict[str, Any]]:
    """Why and when the colleague who looks after the person changed."""
    rows = await database.fetch(_DATA, customer_id)
    return [{"reason": row["reason"], "at": row["changed_at"].isoformat()} for row in rows]


async def _counts(connection: Connection, customer_ids: Sequence[UUID]) -> dict[UUID, int]:
    rows = await connection.fetch(_COUNTS, list(customer_ids))
    return {UUID(int=row["customer_id"].int): row["n"] for row in rows}


PART = CustomerPart(
    name="owners", title="归属", kind=PartKind.BASE, tables=("customer_owner_change",), data=_data, counts=_counts
)
