"""Guides, for managers."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import StringConstraints

from core.guides import queries, service
from core.guides.schemas import GuideIn, GuideOut
from core.organisation.dependencies import Once, RequirePermission
from core.organisation.queries import Colleague
from infra.paging import Cursor, Limit, page_of
from infra.schemas import Page, Text

router = APIRouter(prefix="/staff/v1/guides", tags=["guides"])


@router.post("", status_code=201)
async def add_guide(body: GuideIn, by: Annotated[Colleague, RequirePermission("guides:write")], once: Once) -> GuideOut:
    """A new guide with a log-in, in a store in the caller's reach; the code follows within seconds."""

    async def act() -> GuideOut:
        return GuideOut.model_validate(await service.add_guide(by, **body.model_dump()))

    return await once.run(act, GuideOut)


@router.get("")
async def list_guides(
    by: Annotated[Colleague, RequirePermission("guides:read")],
    text: Annotated[Text, StringConstraints(min_length=1, max_length=50)] | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[GuideOut]:
    """The guides in the caller's reach, also those who left, in the order they were added.

    `text` is part of the name or the user name.
    """
    return page_of(GuideOut, await queries.page(by, text, cursor, limit + 1), limit)
