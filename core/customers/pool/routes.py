"""The public pool, the trash, and whose a customer is."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from core.customers import queries as customers
from core.customers.pool import queries, service
from core.customers.pool.schemas import (
    AssignIn,
    ClaimedOut,
    ClaimsOut,
    MovedOut,
    MoveIn,
    OwnerChangeOut,
    PooledOut,
    PoolFilters,
    PoolSearchIn,
    TransferIn,
    TrashedOut,
)
from core.customers.profiles import queries as profiles
from core.customers.profiles.schemas import CustomerIn, CustomerOut
from core.organisation.dependencies import Once, RequirePermission
from core.organisation.queries import Colleague
from infra import audit
from infra.paging import Limit, MomentCursor, moment_cursor, read_moment_cursor
from infra.schemas import Page

router = APIRouter(prefix="/staff/v1", tags=["pool"])

Reader = Annotated[Colleague, RequirePermission("pool:read")]
Claimer = Annotated[Colleague, RequirePermission("pool:claim")]
Writer = Annotated[Colleague, RequirePermission("pool:write")]
Assigner = Annotated[Colleague, RequirePermission("pool:assign")]
Discarder = Annotated[Colleague, RequirePermission("pool:discard")]
Owner = Annotated[Colleague, RequirePermission("customers:transfer")]
Superior = Annotated[Colleague, RequirePermission("customers:assign")]


@router.get("/pool/customers")
async def list_pool(_by: Reader, filters: Annotated[PoolFilters, Query()]) -> Page[PooledOut]:
    """The customers of the pool, whoever came last first. No numbers."""
    return await queries.pool(filters)


@router.post("/pool/customers/search")
async def search_pool(body: PoolSearchIn, _by: Reader) -> Page[PooledOut]:
    """The customers of the pool by any combination of filters (AT-11), the newest customer first. No numbers."""
    return await queries.search(body)


@router.get("/pool/customers/{pooled_id}")
async def show_pooled(pooled_id: UUID, by: Reader) -> CustomerOut:
    """A customer of the pool; numbers and e-mail are hidden from everybody (AT-08)."""
    found = await profiles.customer(by, await customers.pooled(pooled_id))
    await audit.note("customer.seen", "customer", found.id, {"part": "pool"})
    return found


@router.post("/pool/customers", status_code=201)
async def create_pooled(body: CustomerIn, by: Writer, once: Once) -> CustomerOut:
    """A new customer straight into the pool; it has no owner."""

    async def act() -> CustomerOut:
        return await profiles.customer(by, await service.create(by, body))

    return await once.run(act, CustomerOut)


@router.get("/me/claims")
async def my_claims(by: Claimer) -> ClaimsOut:
    """What I may still claim today."""
    return await queries.claims(by.id)


@router.post("/pool/claims", status_code=201)
async def claim(body: MoveIn, by: Claimer, once: Once) -> ClaimedOut:
    """Take customers of the pool for oneself: all of them, or none when there are too many or one is gone (AT-05)."""

    async def act() -> ClaimedOut:
        return await service.claim(by, body.customer_ids)

    return await once.run(act, ClaimedOut)


@router.post("/pool/assignments", status_code=201)
async def assign_from_pool(body: AssignIn, by: Assigner, once: Once) -> MovedOut:
    """Give customers of the pool to a colleague in reach."""

    async def act() -> MovedOut:
        return await service.assign_from_pool(by, body.customer_ids, body.to)

    return await once.run(act, MovedOut)


@router.post("/pool/discards", status_code=201)
async def discard(body: MoveIn, by: Discarder, once: Once) -> MovedOut:
    """From the pool to the trash (AT-10)."""

    async def act() -> MovedOut:
        return await service.discard(by, body.customer_ids)

    return await once.run(act, MovedOut)


@router.post("/pool/restorations", status_code=201)
async def restore(body: MoveIn, by: Discarder, once: Once) -> MovedOut:
    """From the trash back to the pool."""

    async def act() -> MovedOut:
        return await service.restore(by, body.customer_ids)

    return await once.run(act, MovedOut)


@router.get("/pool/trash")
async def list_trash(_by: Discarder, cursor: MomentCursor = None, limit: Limit = 50) -> Page[TrashedOut]:
    """What was discarded, the last first."""
    rows = await queries.trash(read_moment_cursor(cursor) if cursor else None, limit + 1)
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(items=rows[:limit], next=moment_cursor(last.discarded_at, last.id) if last else None)


@router.post("/customers/assignments", status_code=201)
async def assign(body: AssignIn, by: Superior, once: Once) -> MovedOut:
    """Change the owner of customers in reach to a colleague in reach, as a superior; both sides are told."""

    async def act() -> MovedOut:
        return await service.assign(by, body.customer_ids, body.to)

    return await once.run(act, MovedOut)


@router.post("/customers/transfers", status_code=201)
async def transfer(body: TransferIn, by: Owner, once: Once) -> MovedOut:
    """Give own customers to a colleague, or to the pool (AT-13)."""

    async def act() -> MovedOut:
        return await service.transfer(by, body.customer_ids, body.to)

    return await once.run(act, MovedOut)


@router.get("/customers/{customer_id}/owners")
async def list_owners(
    customer_id: UUID,
    by: Annotated[Colleague, RequirePermission("customers:read")],
    cursor: Annotated[int | None, Query(ge=1, le=2**63 - 1, description="`next` of the former page")] = None,
    limit: Limit = 50,
) -> Page[OwnerChangeOut]:
    """Who had a customer (or whom they were merged into) and how that changed, newest first."""
    standing, changes = await queries.owners(customer_id, by, cursor, limit + 1)
    await audit.note("customer.seen", "customer", standing, {"part": "owners"})
    return Page(items=changes[:limit], next=str(changes[limit - 1].id) if len(changes) > limit else None)
