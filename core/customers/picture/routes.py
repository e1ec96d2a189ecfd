"""The whole picture of a customer, and the timeline."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from core.customers import queries as customers
from core.customers.picture import queries
from core.customers.picture.schemas import PictureOut, TimelineEntryOut
from core.customers.schemas import TimelineKind
from core.organisation.dependencies import RequirePermission
from core.organisation.queries import Colleague
from core.permissions.rules import Layout
from infra import audit
from infra.paging import Limit, MomentCursor, moment_cursor, read_moment_cursor
from infra.schemas import Page

router = APIRouter(prefix="/staff/v1", tags=["customers"])

Reader = Annotated[Colleague, RequirePermission("customers:read")]


@router.get("/customers/{customer_id}/picture")
async def picture(customer_id: UUID, by: Reader, layout: Layout | None = None) -> PictureOut:
    """All about a customer (or whom they were merged into) in the caller's layout; in the pool without numbers."""
    chosen = queries.layout_for(by, layout)
    seen = await customers.visible(customer_id, by)
    await audit.note("customer.seen", "customer", seen, {"part": "picture", "layout": chosen})
    return await queries.picture(seen, by, chosen)


@router.get("/customers/{customer_id}/timeline")
async def timeline(
    customer_id: UUID,
    by: Reader,
    kind: Annotated[list[TimelineKind] | None, Query(description="Of these kinds only")] = None,
    cursor: MomentCursor = None,
    limit: Limit = 50,
) -> Page[TimelineEntryOut]:
    """What happened to a customer (or whom they were merged into), newest first."""
    before = read_moment_cursor(cursor) if cursor else None
    seen = await customers.visible(customer_id, by)
    await audit.note("customer.seen", "customer", seen, {"part": "timeline"})
    entries = await queries.timeline(seen, kind or (), before, limit + 1)
    last = entries[limit - 1] if len(entries) > limit else None
    return Page(items=entries[:limit], next=moment_cursor(last.occurred_at, last.id) if last else None)
