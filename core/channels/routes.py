"""Channels, for managers."""

from typing import Annotated

from fastapi import APIRouter

from core.channels import queries, service
from core.channels.schemas import ChannelIn, ChannelOut
from core.organisation.dependencies import Once, RequirePermission
from core.organisation.queries import Colleague
from infra.paging import Cursor, Limit, page_of
from infra.schemas import Page

router = APIRouter(prefix="/staff/v1/channels", tags=["channels"])


@router.post("", status_code=201)
async def add_channel(
    body: ChannelIn, _by: Annotated[Colleague, RequirePermission("channels:write")], once: Once
) -> ChannelOut:
    """A new channel; its code follows within seconds."""

    async def act() -> ChannelOut:
        return ChannelOut.model_validate(await service.add_channel(**body.model_dump()))

    return await once.run(act, ChannelOut)


@router.get("")
async def list_channels(
    _by: Annotated[Colleague, RequirePermission("channels:read")], cursor: Cursor = None, limit: Limit = 50
) -> Page[ChannelOut]:
    """All channels, in the order they were added."""
    return page_of(ChannelOut, await queries.page(cursor, limit + 1), limit)
