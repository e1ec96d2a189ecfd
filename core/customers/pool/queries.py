"""Reading the pool, the trash, and the ledger of ownership."""

from datetime import datetime, timedelta
from uuid import UUID

from core.customers import queries as customers
from core.customers.ownership import Place
from core.customers.pool.schemas import (
    ClaimsOut,
    OwnerChangeOut,
    PooledOut,
    PoolFilters,
    PoolSearchIn,
    TrashedOut,
)
from core.customers.pool.service import CLAIM_SIZE, CLAIMS_PER_DAY
from core.customers.search.listing import Listing
from core.organisation.queries import Colleague
from core.organisation.scopes import Put, Values
from infra import clock, database
from infra.paging import moment_cursor, read_moment_cursor
from infra.schemas import Page

_POOL = """
SELECT c.id, c.number, p.name, COALESCE(p.nature, 'person') AS nature, COALESCE(p.party, 'prospect') AS party,
       COALESCE(p.stage, 'new') AS stage, p.level, p.industry, p.province, p.city, c.pooled_at, c.pool_reason AS reason,
       (SELECT count(*) FROM customer_phone h WHERE h.customer_id = c.id AND h.contact_id IS NULL) AS phones
FROM customer c LEFT JOIN customer_profile p ON p.customer_id = c.id
WHERE c.pooled_at IS NOT NULL AND c.merged_into_id IS NULL
"""

_TRASH = """
SELECT c.id, c.number, p.name, COALESCE(p.party, 'prospect') AS party, c.discarded_at
FROM customer c LEFT JOIN customer_profile p ON p.customer_id = c.id
WHERE c.discarded_at IS NOT NULL AND c.merged_into_id IS NULL
  AND ($1::timestamptz IS NULL OR (c.discarded_at, c.id) < ($1, $2::uuid))
ORDER BY c.discarded_at DESC, c.id DESC LIMIT $3
"""

_OWNERS = """
SELECT o.id, o.source AS act_id, f.name AS former, t.name AS owner, o.reason, b.name AS changed_by, o.changed_at
FROM customer_owner_change o LEFT JOIN staff f ON f.id = o.former_id LEFT JOIN staff t ON t.id = o.guide_id
LEFT JOIN staff b ON b.id = o.changed_by
WHERE o.customer_id = $1 AND ($2::bigint IS NULL OR o.id < $2) ORDER BY o.id DESC LIMIT $3
"""


async def pool(filters: PoolFilters) -> Page[PooledOut]:
    """The customers of the pool, whoever came last first."""
    values, limit = Values(), filters.limit
    order = f"ORDER BY c.pooled_at DESC, c.id DESC LIMIT {limit + 1}"
    rows = await database.fetch(f"{_POOL} {_conditions(filters, values.put)} {order}", *values)
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(
        items=[PooledOut.model_validate(dict(row)) for row in rows[:limit]],
        next=moment_cursor(last["pooled_at"], last["id"]) if last else None,
    )


def _conditions(filters: PoolFilters, put: Put) -> str:
    found = []
    if filters.reason is not None:
        found.append(f"c.pool_reason = {put(filters.reason.value)}")
    if filters.since is not None:
        found.append(f"c.pooled_at >= {put(clock.start_of_day(filters.since))}")
    if filters.until is not None:
        found.append(f"c.pooled_at < {put(clock.start_of_day(filters.until + timedelta(days=1)))}")
    if filters.cursor is not None:
        at, id_ = read_moment_cursor(filters.cursor)
        found.append(f"(c.pooled_at, c.id) < ({put(at)}, {put(id_)}::uuid)")
    return "".join(f" AND {condition}" for condition in found)


async def search(body: PoolSearchIn) -> Page[PooledOut]:
    """The customers of the pool for whom all conditions hold, the newest customer first."""
    filters = body.filters.model_copy(update={"place": Place.POOL})
    found = await Listing(filters, None, body.cursor, body.limit + 1).page()
    ids = [one for one, _ in found[: body.limit]]
    rows = await database.fetch(f"{_POOL} AND c.id = ANY($1::uuid[]) ORDER BY c.number DESC", ids)
    return Page(
        items=[PooledOut.model_validate(dict(row)) for row in rows],
        next=str(found[body.limit - 1][1]) if len(found) > body.limit else None,
    )


async def trash(before: tuple[datetime, UUID] | None, limit: int) -> list[TrashedOut]:
    """What was discarded, the last first."""
    rows = await database.fetch(_TRASH, *(before or (None, None)), limit)
    return [TrashedOut.model_validate(dict(row)) for row in rows]


async def claims(staff_id: UUID) -> ClaimsOut:
    """What a colleague may claim, and how often it was used today."""
    row = await database.fetch_one(
        "SELECT count(*) AS n FROM pool_claim WHERE staff_id = $1 AND day = $2", staff_id, clock.business_day()
    )
    return ClaimsOut(size=await CLAIM_SIZE.get(), daily=await CLAIMS_PER_DAY.get(), used=row["n"] if row else 0)


async def owners(customer_id: UUID, by: Colleague, before: int | None, limit: int) -> tuple[UUID, list[OwnerChangeOut]]:
    """Who the customer is now, and how the owner changed, newest first. Raises CustomerNotFound."""
    standing = await customers.visible(customer_id, by)
    rows = await database.fetch(_OWNERS, standing, before, limit)
    return standing, [OwnerChangeOut.model_validate(dict(row)) for row in rows]
