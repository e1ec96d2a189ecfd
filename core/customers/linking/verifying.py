"""Numbers that people proved to be theirs, one after the other: carriers give numbers out again.

A file of its own: it alone decides whose a number is, and opens disputes about it.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from core.customers import indexing
from core.customers.linking import phones
from core.customers.linking.phones import NewPhone
from core.customers.linking.rules import Outcome, PhoneLabel
from infra import clock
from infra.database import Connection
from infra.ids import new_id

_PUT = """
INSERT INTO customer_phone (id, customer_id, label, number, door, verified_at, held_at, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (customer_id, contact_id, label, number) DO UPDATE SET door = excluded.door, held_at = excluded.held_at,
    verified_at = LEAST(customer_phone.verified_at, excluded.verified_at)
"""

_HOLD = "UPDATE customer_phone SET held_at = $2 WHERE id = $1"

_OPEN = """
INSERT INTO phone_dispute (id, number, former_id, newcomer_id, opened_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (number, former_id) WHERE settled_at IS NULL DO NOTHING
"""

# Only what was proven after the hold ends it.
_END = """
UPDATE phone_dispute d SET outcome = CASE WHEN d.number = $2 THEN $3 ELSE $4 END, settled_at = $5
WHERE d.former_id = $1 AND d.settled_at IS NULL AND EXISTS (
    SELECT FROM customer_phone p WHERE p.customer_id = $1 AND p.number = d.number AND p.held_at < $6)
RETURNING d.number
"""

_DROP = "DELETE FROM customer_phone WHERE customer_id = $1 AND contact_id IS NULL AND number = ANY($2::text[])"

_ON_WECHAT = "SELECT EXISTS (SELECT FROM identity WHERE customer_id = $1)"


async def verify(connection: Connection, proven: NewPhone) -> bool:
    """A customer, locked like everyone with this number, proved at `verified_at` that it is theirs; is it disputed now?

    The last to prove it has it. A member who proved it before is held until the two have settled it; a member's proof
    ends the hold on them, and what they held on to until then they have no more.
    """
    at = proven.verified_at or clock.now()
    await _end_disputes(connection, proven, at)
    found = await phones.holders(connection, [proven.number])
    current = next((one for one in found if one.verified_at and one.held_at is None), None)
    if current is None or current.customer_id == proven.customer_id:
        await _put(connection, proven, at, None)
        return False
    member: bool = await connection.fetchval(_ON_WECHAT, proven.customer_id)
    if current.on_wechat and not member:
        # Joins that member afterwards, or stands beside as a suggestion.
        await phones.put_many(connection, [replace(proven, verified_at=None)])
        return False
    since = current.verified_at or at
    later = at >= since
    if later:
        await connection.execute(_HOLD, current.phone_id, at)
    await _put(connection, proven, at, None if later else since)
    if not (member and current.on_wechat):
        return False
    pair = (current.customer_id, proven.customer_id) if later else (proven.customer_id, current.customer_id)
    await connection.execute(_OPEN, new_id(), proven.number, *pair, clock.now())
    return True


async def _end_disputes(connection: Connection, proven: NewPhone, at: datetime) -> None:
    outcomes = Outcome.VERIFIED_AGAIN.value, Outcome.VERIFIED_ANOTHER.value
    rows = await connection.fetch(_END, proven.customer_id, proven.number, *outcomes, clock.now(), at)
    others = [row["number"] for row in rows if row["number"] != proven.number]
    await forget(connection, proven.customer_id, others)


async def forget(connection: Connection, customer_id: UUID, numbers: Sequence[str]) -> None:
    """These numbers are no longer the customer's own."""
    if numbers:
        await connection.execute(_DROP, customer_id, list(numbers))
        indexing.changed([customer_id])


async def _put(connection: Connection, proven: NewPhone, at: datetime, held_at: datetime | None) -> None:
    values = proven.customer_id, PhoneLabel.MOBILE.value, proven.number, proven.door.value
    await connection.execute(_PUT, new_id(), *values, at, held_at, clock.now())
    indexing.changed([proven.customer_id])
