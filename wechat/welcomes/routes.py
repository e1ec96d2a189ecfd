"""Welcomes, for managers."""

from typing import Annotated

from fastapi import APIRouter

from core.organisation.dependencies import RequirePermission
from core.organisation.queries import Colleague
from infra.paging import Cursor, Limit, page_of
from infra.schemas import Page
from wechat.welcomes import queries, service
from wechat.welcomes.schemas import ListedWelcomeOut, WelcomeIn, WelcomeOut, Whose

router = APIRouter(prefix="/staff/v1/welcomes", tags=["welcomes"])


@router.put("")
async def set_welcome(body: WelcomeIn, by: Annotated[Colleague, RequirePermission("welcomes:write")]) -> WelcomeOut:
    """Write the welcome of a guide or store in reach, of a channel or of everybody; in force within seconds."""
    await queries.expect_in_reach(by, body.guide_id, body.store_id)
    return WelcomeOut.model_validate(await service.set_welcome(**body.model_dump()))


@router.get("")
async def list_welcomes(
    by: Annotated[Colleague, RequirePermission("welcomes:read")],
    whose: Whose | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[ListedWelcomeOut]:
    """The welcomes of guides and stores in reach, of channels and of everybody; of one of these kinds."""
    return page_of(ListedWelcomeOut, await queries.page(by, whose, cursor, limit + 1), limit)
