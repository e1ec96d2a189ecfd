"""The tree of units: a business below another one, never in a circle, also over merges.

A file of its own: entry, change and merges ask it.
"""

from collections.abc import Sequence
from uuid import UUID

from core.customers import queries
from core.customers.errors import CustomerNotFound
from core.customers.profiles.errors import ParentRefused
from core.organisation.queries import Colleague
from infra.database import Connection

# Whoever gives a unit a parent takes turns with all others who do; after any lock of a customer.
_HOLD = "SELECT pg_advisory_xact_lock(hashtextextended('customer_parents', 0))"

# Upwards; whoever was merged stands for the one that came of it. UNION ends a circle.
_ABOVE = """
WITH RECURSIVE above AS (
    SELECT $2::uuid AS id
    UNION SELECT COALESCE(c.merged_into_id, p.parent_id) FROM above a JOIN customer c ON c.id = a.id
    LEFT JOIN customer_profile p ON p.customer_id = c.id WHERE COALESCE(c.merged_into_id, p.parent_id) IS NOT NULL
) SELECT EXISTS (SELECT 1 FROM above WHERE id = ANY($1::uuid[]))
"""


async def check(connection: Connection, by: Colleague, customer_id: UUID | None, parent_id: UUID | None) -> None:
    """Whether a customer (None: a new one) may stand below another one, in reach. Raises ParentRefused."""
    if parent_id is None:
        return
    try:
        await queries.standing(parent_id, by)
    except CustomerNotFound as error:
        raise ParentRefused from error
    if customer_id is not None and await above(connection, [customer_id], parent_id):
        raise ParentRefused


async def above(connection: Connection, customer_ids: Sequence[UUID], parent_id: UUID) -> bool:
    """Whether one of them is this parent or stands above it; nobody changes the tree until the transaction ends."""
    await connection.execute(_HOLD)
    found: bool = await connection.fetchval(_ABOVE, list(customer_ids), parent_id)
    return found
