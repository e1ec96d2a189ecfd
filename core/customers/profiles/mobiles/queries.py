"""Reading corrections of mobiles."""

from uuid import UUID

import asyncpg

from core.customers.profiles.mobiles.errors import MobileChangeNotFound
from core.customers.profiles.mobiles.schemas import MobileChangeOut
from core.organisation.queries import Colleague
from core.organisation.scopes import Values, of_staff
from infra import database
from infra.phones import mask

_CHANGES = """
SELECT m.id, m.customer_id, p.name AS customer, m.former, m.number AS mobile, m.reason, m.asked_by_id,
       a.name AS asked_by, m.asked_at, d.name AS decided_by, m.decided_at, m.approved, c.guide_id,
       c.pooled_at IS NOT NULL OR c.discarded_at IS NOT NULL AS hidden
FROM customer_mobile_change m JOIN customer c ON c.id = m.customer_id
LEFT JOIN customer_profile p ON p.customer_id = m.customer_id
JOIN staff a ON a.id = m.asked_by_id LEFT JOIN staff d ON d.id = m.decided_by_id
"""


def _out(by: Colleague, row: asyncpg.Record) -> MobileChangeOut:
    """Numbers as everywhere: whole to the owner, masked to others, to nobody in the pool."""

    def shown(number: str | None) -> str | None:
        if number is None or row["hidden"]:
            return None
        return number if row["guide_id"] == by.id else mask(number)

    return MobileChangeOut.model_validate(dict(row) | {"former": shown(row["former"]), "mobile": shown(row["mobile"])})


async def open_page(by: Colleague, after: UUID | None, limit: int) -> list[MobileChangeOut]:
    """What waits for a decision about customers in reach, the oldest first."""
    values = Values(after, limit)
    reach = of_staff(by, values.put, "c.guide_id")
    rows = await database.fetch(
        f"{_CHANGES} WHERE m.decided_at IS NULL AND ($1::uuid IS NULL OR m.id > $1) AND {reach} ORDER BY m.id LIMIT $2",
        *values,
    )
    return [_out(by, row) for row in rows]


async def of_customer(by: Colleague, customer_id: UUID, before: UUID | None, limit: int) -> list[MobileChangeOut]:
    """All about one customer (no sign post), the latest first."""
    rows = await database.fetch(
        f"{_CHANGES} WHERE m.customer_id = $1 AND ($2::uuid IS NULL OR m.id < $2) ORDER BY m.id DESC LIMIT $3",
        customer_id,
        before,
        limit,
    )
    return [_out(by, row) for row in rows]


async def mobile_change(by: Colleague, mobile_change_id: UUID) -> MobileChangeOut:
    """One, about a customer in reach. Raises MobileChangeNotFound."""
    values = Values(mobile_change_id)
    reach = of_staff(by, values.put, "c.guide_id")
    row = await database.fetch_one(f"{_CHANGES} WHERE m.id = $1 AND {reach}", *values)
    if row is None:
        raise MobileChangeNotFound
    return _out(by, row)
