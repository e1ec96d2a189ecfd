"""The tree of units: a business below another one, never in a circle, also over merges.

A file of its own: entry, change, contributions and merges ask it.
"""

from collections.abc import Collection, Iterable
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
    SELECT unnest($1::uuid[]) AS id
    UNION SELECT COALESCE(c.merged_into_id, p.parent_id) FROM above a JOIN customer c ON c.id = a.id
    LEFT JOIN customer_profile p ON p.customer_id = c.id WHERE COALESCE(c.merged_into_id, p.parent_id) IS NOT NULL
)
SELECT a.id, COALESCE(c.merged_into_id, p.parent_id) AS above FROM above a JOIN customer c ON c.id = a.id
LEFT JOIN customer_profile p ON p.customer_id = c.id
"""


class Tree:
    """Who stands directly above whom, with what is entered meanwhile."""

    def __init__(self, above: dict[UUID, UUID | None]) -> None:
        self._above = above

    def is_above(self, customer_ids: Collection[UUID], parent_id: UUID) -> bool:
        """Whether one of them is this parent or stands above it."""
        passed, unit = set[UUID](), parent_id
        while unit not in passed:
            if unit in customer_ids:
                return True
            passed.add(unit)
            unit = self._above.get(unit) or unit
        return False

    def put(self, customer_id: UUID, parent_id: UUID | None) -> None:
        """From now on a customer stands below this parent."""
        self._above[customer_id] = parent_id


async def hold(connection: Connection, parent_ids: Iterable[UUID]) -> Tree:
    """The tree above would-be parents; nobody changes it until the caller's transaction ends."""
    wanted = list(set(parent_ids))
    if not wanted:
        return Tree({})
    await connection.execute(_HOLD)
    return Tree({row["id"]: row["above"] for row in await connection.fetch(_ABOVE, wanted)})


async def check(connection: Connection, by: Colleague, customer_id: UUID | None, parent_id: UUID | None) -> None:
    """Whether a customer (None: a new one) may stand below another one, in reach. Raises ParentRefused."""
    if parent_id is None:
        return
    try:
        await queries.standing(parent_id, by)
    except CustomerNotFound as error:
        raise ParentRefused from error
    if customer_id is not None and (await hold(connection, [parent_id])).is_above([customer_id], parent_id):
        raise ParentRefused
