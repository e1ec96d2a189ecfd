"""Handing all customers of a colleague over to another one; what happened before stays as it was."""

from uuid import UUID

from core.customers import people
from infra import clock, database
from infra.context import Belonging
from infra.database import Connection
from infra.ids import new_id

PART = "customers"

_HELD = "SELECT count(*) AS n FROM customer WHERE guide_id = $1 AND merged_into_id IS NULL"

_ANY = "SELECT EXISTS (SELECT 1 FROM customer WHERE guide_id = $1 AND merged_into_id IS NULL)"

_LOCK = "SELECT id FROM customer WHERE guide_id = $1 AND merged_into_id IS NULL ORDER BY id FOR NO KEY UPDATE"

_GIVE = "UPDATE customer SET guide_id = $2 WHERE id = ANY($1::uuid[])"

_NOTE = """
INSERT INTO customer_owner_change (customer_id, former_id, guide_id, source, reason, changed_at)
SELECT id, $2, $3, $4, 'handed_over', $5 FROM unnest($1::uuid[]) AS id
"""

_TELL = """
INSERT INTO timeline (id, customer_id, occurred_at, kind, source)
SELECT id, customer_id, $4, 'handed_over', $3 FROM unnest($1::uuid[], $2::uuid[]) AS e (id, customer_id)
"""


async def held(staff_id: UUID) -> int:
    """How many customers a colleague looks after."""
    row = await database.fetch_one(_HELD, staff_id)
    return row["n"] if row else 0


async def hand_over(connection: Connection, source: UUID, target: UUID, hand_over_id: UUID) -> int:
    """Give all customers to another colleague, in the caller's transaction; returns how many.

    No customer stays behind: contacts that credit the giver come before, or wait; and whoever was merged while we
    waited for the lock may have left another customer to the giver, which is seen by looking again.
    """
    await people.hold_guides(connection, [source], alone=True)
    given = 0
    while await connection.fetchval(_ANY, source):
        customers = [row["id"] for row in await connection.fetch(_LOCK, source)]
        now = clock.now()
        await connection.execute(_GIVE, customers, target)
        await connection.execute(_NOTE, customers, source, target, hand_over_id, now)
        await connection.execute(_TELL, [new_id() for _ in customers], customers, hand_over_id, now)
        given += len(customers)
    return given


BELONGING = Belonging(name=PART, title="客户", held=held, hand_over=hand_over)
