"""Numbers and ranking, of whom the caller reaches."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from core.customers import queries
from core.customers.schemas import NumbersOut, Period, PlaceOut, RankingOut, TrendDayOut
from core.organisation.dependencies import RequirePermission
from core.organisation.queries import Colleague

router = APIRouter(prefix="/staff/v1", tags=["fans"])

# No fan is older than WeChat's official accounts.
BusinessDay = Annotated[date | None, Field(ge=date(2011, 1, 1), le=date(2199, 12, 31))]


@router.get("/me/numbers")
async def my_numbers(guide: Annotated[Colleague, RequirePermission("fans:read")]) -> NumbersOut:
    """What I have brought today, this week, this month, in all."""
    return await queries.numbers(guide.id)


@router.get("/me/ranking")
async def my_place(
    guide: Annotated[Colleague, RequirePermission("fans:read")], period: Period = Period.DAY
) -> PlaceOut:
    """Where I stand among the guides of my store by the new fans of today, this week or this month."""
    return await queries.place(guide, period)


@router.get("/ranking")
async def ranking(
    by: Annotated[Colleague, RequirePermission("ranking:read")], period: Period = Period.DAY, on: BusinessDay = None
) -> RankingOut:
    """The guides in the caller's reach by the new fans they brought on a day, in its week or month (default: today)."""
    return await queries.ranking(by, period, on)


@router.get("/ranking/trend")
async def trend(
    by: Annotated[Colleague, RequirePermission("ranking:read")],
    guide_id: UUID | None = None,
    days: Annotated[int, Field(ge=1, le=366)] = 30,
) -> list[TrendDayOut]:
    """New fans brought by a guide, or by all in reach, on each of the last days; `lost` are those of them who left."""
    return await queries.trend(by, guide_id, days)
