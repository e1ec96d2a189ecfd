"""Welcomes, for managers."""

from typing import Annotated

from fastapi import APIRouter

from core.organisation.dependencies import RequirePermission
from core.organisation.queries import Colleague
from infra.paging import Cursor, Limit, page_of
from infra.schemas import Page
from wechat.welcomes import queries, service
from wechat.welcomes.schemas import WelcomeIn, WelcomeOut

router = APIRouter(prefix="/staff/v1/welcomes", tags=["welcomes"])


@router.put("")
async def set_welcome(body: WelcomeIn, by: Annotated[Colleague, RequirePermission("welcomes:write")]) -> WelcomeOut:
    """Write the welcome of a guide or store in reach, of a channel or of everybody; in force within seconds."""
    await queries.expect_in_reach(by, body.guide_id, body.store_id)
    return WelcomeOut.model_validate(await service.set_welcome(**body.model_dump()))


@router.get("")
async def list_welcomes(
    by: Annotated[Colleague, RequirePermission("welcomes:read")], cursor: Cursor = None, limit: Limit = 50
) -> Page[WelcomeOut]:
    """The welcomes of guides and stores in reach, of channels and of everybody."""
    return page_of(WelcomeOut, await queries.page(by, cursor, limit + 1), limit)
