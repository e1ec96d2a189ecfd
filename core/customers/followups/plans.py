"""What is agreed with a customer, as the notes say in whatever order they arrive: the next contact, the next order.

A file of its own: a note changes it, and an order that came.
"""

from collections.abc import Collection
from uuid import UUID

from infra.database import Connection
from infra.settings import settings

# The last word about a contact stands until somebody was in touch on its day or later; about an order, until one came
# since it was said. What was agreed before somebody lay in the pool went with it, unless they came back.
_RENEW = """
UPDATE customer c SET next_contact_at = n.next_contact_at, order_due_on = o.order_due_on
FROM unnest($1::uuid[]) AS u (id)
CROSS JOIN LATERAL (
    SELECT COALESCE(max(p.changed_at), '-infinity') AS since FROM customer_owner_change p
    WHERE p.customer_id = u.id AND p.guide_id IS NULL AND NOT EXISTS (
        SELECT FROM customer_owner_change b WHERE b.customer_id = u.id AND b.reason = 'came_back' AND b.id > p.id)
) had
LEFT JOIN LATERAL (
    SELECT f.next_contact_at FROM follow_up f
    WHERE f.customer_id = u.id AND f.next_contact_at IS NOT NULL AND f.occurred_at >= had.since
    ORDER BY f.occurred_at DESC, f.id DESC LIMIT 1
) n ON NOT EXISTS (
    SELECT FROM follow_up d WHERE d.customer_id = u.id
    AND d.occurred_at >= date_trunc('day', n.next_contact_at, $2)
)
LEFT JOIN LATERAL (
    SELECT f.order_due_on, f.occurred_at FROM follow_up f
    WHERE f.customer_id = u.id AND f.order_due_on IS NOT NULL AND f.occurred_at >= had.since
    ORDER BY f.occurred_at DESC, f.id DESC LIMIT 1
) o ON NOT EXISTS (
    SELECT FROM sales_record r WHERE r.customer_id = u.id AND r.kind = 'order' AND r.occurred_at >= o.occurred_at
)
WHERE c.id = u.id AND c.guide_id IS NOT NULL
"""


async def renew(connection: Connection, customer_ids: Collection[UUID]) -> None:
    """Work out what is agreed with these customers, under lock, from what was written down."""
    if customer_ids:
        await connection.execute(_RENEW, list(customer_ids), settings().business_timezone)
