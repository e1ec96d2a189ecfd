"""Reading contact persons."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg
import orjson

from core.customers import queries
from core.customers.errors import CustomerNotFound
from core.customers.linking import phones
from core.customers.profiles.contacts.errors import ContactPersonNotFound
from core.customers.profiles.contacts.schemas import ContactPersonOut
from core.customers.profiles.queries import shown_email, shown_phone
from core.customers.profiles.rules import age
from core.organisation.queries import Colleague
from infra import clock, database

_PEOPLE = """
SELECT t.*, c.guide_id, c.pooled_at IS NOT NULL OR c.discarded_at IS NOT NULL AS hidden, s.name AS responsible,
       d.name AS responsible_department
FROM contact_person t JOIN customer c ON c.id = t.customer_id LEFT JOIN staff s ON s.id = t.responsible_id
LEFT JOIN department d ON d.id = s.department_id WHERE t.removed_at IS NULL
"""


async def page(by: Colleague, customer_id: UUID, after: UUID | None, limit: int) -> list[ContactPersonOut]:
    """The people to talk to at a customer (no sign post) whom `by` may see, in the order they were added."""
    rows = await database.fetch(
        f"{_PEOPLE} AND t.customer_id = $1 AND ($2::uuid IS NULL OR t.id > $2) ORDER BY t.id LIMIT $3",
        customer_id,
        after,
        limit,
    )
    return await _shown(by, customer_id, rows)


async def contact_person(by: Colleague, contact_person_id: UUID) -> ContactPersonOut:
    """One of them. Raises ContactPersonNotFound, also when the customer is beyond reach."""
    standing = await customer_of(by, contact_person_id)
    rows = await database.fetch(f"{_PEOPLE} AND t.id = $1", contact_person_id)
    if not rows:
        raise ContactPersonNotFound
    return (await _shown(by, standing, rows))[0]


async def customer_of(by: Colleague, contact_person_id: UUID) -> UUID:
    """The customer, in reach or in the pool, that a contact person belongs to. Raises ContactPersonNotFound."""
    row = await database.fetch_one(
        "SELECT customer_id FROM contact_person WHERE id = $1 AND removed_at IS NULL", contact_person_id
    )
    try:
        if row is not None:
            return await queries.visible(UUID(int=row["customer_id"].int), by)
    except CustomerNotFound:
        pass
    raise ContactPersonNotFound


async def _shown(by: Colleague, customer_id: UUID, rows: Sequence[asyncpg.Record]) -> list[ContactPersonOut]:
    numbers = (await phones.shown(by, [customer_id]))[customer_id] if rows else []
    today = clock.business_day()
    return [
        ContactPersonOut(
            **dict(row)
            | {
                "age": age(row["birthday"], row["birth_year"], today),
                "email": shown_email(by, row["email"], row["guide_id"], hidden=row["hidden"]),
                "phones": [shown_phone(number) for number in numbers if number.contact_id == row["id"]],
                "custom": orjson.loads(row["custom"]),
            }
        )
        for row in rows
    ]
