"""Whose a customer is: the one way it changes, in a ledger.

A file of its own: claims, assignment, import, the sweep and the trash all go through it.
"""

from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID

from core.customers import people
from core.customers.timeline import Entry, tell
from infra import clock
from infra.database import Connection


class Place(StrEnum):
    """Where a customer is: with an owner, in the public pool, in the trash, or with nobody (a fan without a guide)."""

    OWNED = "owned"
    POOL = "pool"
    TRASH = "trash"
    NOBODY = "nobody"


class Reason(StrEnum):
    """Why a customer went where it is; also the kind of its timeline entry."""

    CREATED = "created"
    IMPORTED = "imported"
    CLAIMED = "claimed"
    ASSIGNED = "assigned"
    TRANSFERRED = "transferred"
    RELEASED = "released"
    RETURNED = "returned"
    DISCARDED = "discarded"
    RESTORED = "restored"
    CAME_BACK = "came_back"


_MOVE = """
UPDATE customer SET guide_id = $2, active_at = CASE WHEN $2::uuid IS NULL THEN active_at ELSE $3 END, warned_at = NULL,
    pooled_at = CASE WHEN $4 = 'pool' THEN $3::timestamptz END, pool_reason = CASE WHEN $4 = 'pool' THEN $5 END,
    discarded_at = CASE WHEN $4 = 'trash' THEN $3::timestamptz END,
    next_contact_at = CASE WHEN $2::uuid IS NULL THEN NULL ELSE next_contact_at END,
    order_due_on = CASE WHEN $2::uuid IS NULL THEN NULL ELSE order_due_on END
WHERE id = ANY($1::uuid[])
"""

_NOTE = """
INSERT INTO customer_owner_change (customer_id, former_id, guide_id, source, reason, changed_by, changed_at)
SELECT c.id, c.guide_id, $2, $3, $4, $5, $6 FROM customer c WHERE c.id = ANY($1::uuid[]) ORDER BY c.id
"""

_LOCK = "SELECT id FROM customer WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"


async def hold(connection: Connection, customer_ids: Sequence[UUID], owner_id: UUID | None) -> None:
    """Lock customers that may go to `owner_id`: nobody hands that one's customers over before the commit."""
    if owner_id is not None:
        await people.hold_guides(connection, [owner_id])
    await connection.execute(_LOCK, list(customer_ids))


async def move(
    connection: Connection,
    customer_ids: Sequence[UUID],
    place: Place,
    owner_id: UUID | None,
    *,
    reason: Reason,
    source: UUID,
    by: UUID | None,
) -> None:
    """Put customers, held by `hold`, where they belong from now on; `source` names the act, once per customer.

    A violation of customer_owner_change_source_key says that it was done before.
    """
    now = clock.now()
    ids = list(customer_ids)
    await connection.execute(_NOTE, ids, owner_id, source, reason.value, by, now)
    await connection.execute(_MOVE, ids, owner_id, now, place.value, reason.value)
    details = {"by": by} if by else {}
    await tell(connection, [Entry(one, now, reason.value, source, details) for one in ids])
