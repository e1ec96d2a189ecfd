"""Fans, for managers (all) and guides (their own)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from core.organisation.dependencies import CurrentStaff, RequirePermission
from core.organisation.queries import Colleague
from core.permissions.rules import Scope
from infra.errors import Forbidden
from infra.paging import page_of
from infra.schemas import Page
from wechat.fans import queries
from wechat.fans.schemas import AllFansFilters, FanDetailOut, FanFilters, FanOut, PortraitOut

router = APIRouter(prefix="/staff/v1", tags=["fans"])


@router.get("/me/fans")
async def my_fans(
    guide: Annotated[Colleague, RequirePermission("fans:read")], filters: Annotated[FanFilters, Query()]
) -> Page[FanOut]:
    """The fans I look after, newest first."""
    return page_of(FanOut, await queries.page(filters, guide.id), filters.limit)


@router.get("/fans")
async def all_fans(
    _by: Annotated[Colleague, RequirePermission("fans:read")], filters: Annotated[AllFansFilters, Query()]
) -> Page[FanOut]:
    """All fans that pass the filters, newest first."""
    return page_of(FanOut, await queries.page(filters, filters.guide_id), filters.limit)


@router.get("/fans/portrait")
async def portrait(
    _by: Annotated[Colleague, RequirePermission("fans:read")], guide_id: UUID | None = None
) -> PortraitOut:
    """Fans in numbers: following, sources, talk, labels; all, or those one guide looks after."""
    return await queries.portrait(guide_id)


@router.get("/fans/{customer_id}")
async def fan(customer_id: UUID, staff: CurrentStaff) -> FanDetailOut:
    """One fan with the identities in our accounts; guides see those they look after."""
    everybody = staff.scope is Scope.ALL
    if not everybody and not staff.may("fans:read"):
        raise Forbidden({"permission": "fans:read"})
    return await queries.detail(customer_id, None if everybody else staff.id)
