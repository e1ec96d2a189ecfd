"""Handing all customers of a colleague over to another one, who has them for a whole term; history stays as it was."""

from uuid import UUID

from core.customers import ownership, people
from core.customers.ownership import Place, Reason
from infra import database
from infra.context import Belonging
from infra.database import Connection

PART = "customers"

_HELD = "SELECT count(*) AS n FROM customer WHERE guide_id = $1 AND merged_into_id IS NULL"

_ANY = "SELECT EXISTS (SELECT 1 FROM customer WHERE guide_id = $1 AND merged_into_id IS NULL)"

_LOCK = "SELECT id FROM customer WHERE guide_id = $1 AND merged_into_id IS NULL ORDER BY id FOR NO KEY UPDATE"


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
        await ownership.move(
            connection, customers, Place.OWNED, target, reason=Reason.HANDED_OVER, source=hand_over_id, by=None
        )
        given += len(customers)
    return given


BELONGING = Belonging(name=PART, title="客户", held=held, hand_over=hand_over)
