"""Fans: the own ones, and those in the caller's reach."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from core.organisation.dependencies import RequirePermission
from core.organisation.queries import Colleague
from infra import audit
from infra.paging import page_of
from infra.schemas import Page
from wechat.fans import listing, queries
from wechat.fans.schemas import AllFansFilters, FanDetailOut, FanFilters, FanOut, PortraitOut

router = APIRouter(prefix="/staff/v1", tags=["fans"])

Reader = Annotated[Colleague, RequirePermission("fans:read")]


@router.get("/me/fans")
async def my_fans(by: Reader, filters: Annotated[FanFilters, Query()]) -> Page[FanOut]:
    """The fans I look after, newest first."""
    return page_of(FanOut, await listing.page(by, filters, by.id), filters.limit)


@router.get("/fans")
async def fans(by: Reader, filters: Annotated[AllFansFilters, Query()]) -> Page[FanOut]:
    """The fans in the caller's reach that pass the filters, newest first."""
    return page_of(FanOut, await listing.page(by, filters, filters.guide_id), filters.limit)


@router.get("/fans/portrait")
async def portrait(by: Reader, guide_id: UUID | None = None) -> PortraitOut:
    """Fans in numbers: following, sources, talk, labels; all in reach, or those one guide looks after."""
    return await queries.portrait(by, guide_id)


@router.get("/fans/{customer_id}")
async def fan(customer_id: UUID, by: Reader) -> FanDetailOut:
    """One fan with the identities in our accounts."""
    found = await queries.detail(customer_id, by)
    await audit.note("customer.seen", "customer", found.id, {"part": "fan"})
    return found
