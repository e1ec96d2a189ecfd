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
async def set_welcome(body: WelcomeIn, _by: Annotated[Colleague, RequirePermission("welcomes:write")]) -> WelcomeOut:
    """Write the welcome of a guide, a store, a channel or everybody; in force within seconds."""
    return WelcomeOut.model_validate(await service.set_welcome(**body.model_dump()))


@router.get("")
async def list_welcomes(
    _by: Annotated[Colleague, RequirePermission("welcomes:read")], cursor: Cursor = None, limit: Limit = 50
) -> Page[WelcomeOut]:
    """All welcomes."""
    return page_of(WelcomeOut, await queries.page(cursor, limit + 1), limit)
