"""Numbers, ranking and timelines, for guides and managers."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from core.customers import queries
from core.customers.schemas import NumbersOut, Period, RankingOut, TimelineEntryOut, TrendDayOut
from core.organisation.dependencies import CurrentStaff, RequirePermission
from core.organisation.queries import Colleague
from core.permissions.rules import Scope
from infra.errors import Forbidden
from infra.paging import Limit, MomentCursor, moment_cursor, read_moment_cursor
from infra.schemas import Page

router = APIRouter(prefix="/staff/v1", tags=["fans"])

# No fan is older than WeChat's official accounts.
BusinessDay = Annotated[date | None, Field(ge=date(2011, 1, 1), le=date(2199, 12, 31))]


@router.get("/me/numbers")
async def my_numbers(guide: Annotated[Colleague, RequirePermission("fans:read")]) -> NumbersOut:
    """What I have brought today, this week, this month, in all."""
    return await queries.numbers(guide.id)


@router.get("/ranking")
async def ranking(
    _by: Annotated[Colleague, RequirePermission("ranking:read")], period: Period = Period.DAY, on: BusinessDay = None
) -> RankingOut:
    """Guides by the new fans they brought on a day, in its week or in its month (default: today)."""
    return await queries.ranking(period, on)


@router.get("/ranking/trend")
async def trend(
    _by: Annotated[Colleague, RequirePermission("ranking:read")],
    guide_id: UUID | None = None,
    days: Annotated[int, Field(ge=1, le=366)] = 30,
) -> list[TrendDayOut]:
    """New fans brought by a guide, or by all guides, on each of the last days; `lost` are those of them who left."""
    return await queries.trend(guide_id, days)


@router.get("/customers/{customer_id}/timeline")
async def timeline(
    customer_id: UUID, staff: CurrentStaff, cursor: MomentCursor = None, limit: Limit = 50
) -> Page[TimelineEntryOut]:
    """What happened to a customer (or whom they were merged into), newest first; guides see those they look after."""
    everybody = staff.scope is Scope.ALL
    if not everybody and not staff.may("fans:read"):
        raise Forbidden({"permission": "fans:read"})
    before = read_moment_cursor(cursor) if cursor else None
    entries = await queries.timeline(customer_id, None if everybody else staff.id, before, limit + 1)
    last = entries[limit - 1] if len(entries) > limit else None
    return Page(items=entries[:limit], next=moment_cursor(last.occurred_at, last.id) if last else None)
