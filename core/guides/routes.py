"""Guides, for managers."""

from typing import Annotated

from fastapi import APIRouter

from core.guides import service
from core.guides.schemas import GuideIn, GuideOut
from core.organisation import queries as organisation
from core.organisation.dependencies import Once, RequirePermission
from core.organisation.queries import Colleague
from infra.paging import Cursor, Limit, page_of
from infra.schemas import Page

router = APIRouter(prefix="/staff/v1/guides", tags=["guides"])


@router.post("", status_code=201)
async def add_guide(
    body: GuideIn, _by: Annotated[Colleague, RequirePermission("guides:write")], once: Once
) -> GuideOut:
    """A new guide with a log-in; the code follows within seconds."""

    async def act() -> GuideOut:
        return GuideOut.model_validate(await service.add_guide(**body.model_dump()))

    return await once.run(act, GuideOut)


@router.get("")
async def list_guides(
    _by: Annotated[Colleague, RequirePermission("guides:read")], cursor: Cursor = None, limit: Limit = 50
) -> Page[GuideOut]:
    """All guides, also those who left, in the order they were added."""
    return page_of(GuideOut, await organisation.guides(cursor, limit + 1), limit)
