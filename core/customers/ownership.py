"""Whose a customer is: the one way it changes, in a ledger.

A file of its own: claims, assignment, import, hand-overs, the sweep and the trash all go through it.
"""

from collections.abc import Collection, Sequence
from enum import StrEnum
from uuid import UUID

import asyncpg

from core.customers import people
from core.customers.errors import CustomerInPool, CustomerInTrash, CustomerNotFound
from core.customers.events import OwnersChanged
from core.customers.timeline import Entry, tell
from core.organisation.queries import Colleague
from core.organisation.scopes import Values, of_staff
from infra import clock
from infra.database import Connection
from infra.outbox import publish

_EVENT_IDS = 1_000


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
    HANDED_OVER = "handed_over"
    RELEASED = "released"
    RETURNED = "returned"
    WITHOUT_CONTRACT = "without_contract"
    DISCARDED = "discarded"
    RESTORED = "restored"
    CAME_BACK = "came_back"
    SCANNED = "scanned"
    MERGED = "merged"
    UNMERGED = "unmerged"
    ERASED = "erased"


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

_LOCK = """
SELECT id, guide_id, pooled_at, pool_reason, discarded_at, merged_into_id, active_at, warned_at, {reach} AS reached
FROM customer WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE
"""

_EDITABLE = """
SELECT id, pooled_at IS NOT NULL AS pooled, discarded_at IS NOT NULL AS discarded, {reach} AS reached
FROM customer WHERE id = ANY($1::uuid[]) AND merged_into_id IS NULL ORDER BY id FOR NO KEY UPDATE
"""


async def hold(
    connection: Connection,
    customer_ids: Collection[UUID],
    owner_id: UUID | None = None,
    by: Colleague | None = None,
) -> list[asyncpg.Record]:
    """Lock customers that may go to `owner_id`: nobody hands that one's customers over before the commit.

    Where each of them is under the lock, in the order of the ids (unknown ones are left out); with `by` also whether
    they reach whoever has it.
    """
    if owner_id is not None:
        await people.hold_guides(connection, [owner_id])
    values = Values(list(customer_ids))
    reach = of_staff(by, values.put, "guide_id") if by else "true"
    return await connection.fetch(_LOCK.format(reach=reach), *values)


async def expect_editable(connection: Connection, customer_ids: Collection[UUID], by: Colleague) -> None:
    """Lock customers (standing ones) that `by` wants to change: they have an owner in reach, or `by` reaches all.

    Raises CustomerNotFound, and for who may see the pool or the trash CustomerInPool, CustomerInTrash (AT-08).
    """
    values = Values(list(customer_ids))
    rows = await connection.fetch(_EDITABLE.format(reach=of_staff(by, values.put, "guide_id")), *values)
    for row in rows:
        if row["pooled"] and by.may("pool:read"):
            raise CustomerInPool({"customer_id": str(row["id"])})
        if row["discarded"] and by.may("pool:discard"):
            raise CustomerInTrash({"customer_id": str(row["id"])})
        if row["pooled"] or row["discarded"] or not row["reached"]:
            raise CustomerNotFound
    if len(rows) < len(set(customer_ids)):
        raise CustomerNotFound


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
    if not customer_ids:
        return
    now, kind = clock.now(), reason.value
    # The driver's own kind of UUID is no JSON.
    ids, act_id = [UUID(int=one.int) for one in customer_ids], UUID(int=source.int)
    owner_id = owner_id and UUID(int=owner_id.int)
    await connection.execute(_NOTE, ids, owner_id, source, kind, by, now)
    await connection.execute(_MOVE, ids, owner_id, now, place.value, kind)
    details = {"by": by} if by else {}
    await tell(connection, [Entry(one, now, kind, source, details) for one in ids])
    await publish(
        *(
            OwnersChanged(source=act_id, customer_ids=tuple(part), owner_id=owner_id, reason=kind)
            for part in (ids[start : start + _EVENT_IDS] for start in range(0, len(ids), _EVENT_IDS))
        )
    )
