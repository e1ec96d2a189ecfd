"""Stores, for managers."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from core.organisation.dependencies import Once, RequirePermission
from core.organisation.queries import Colleague
from core.stores import queries, service
from core.stores.schemas import StoreChange, StoreIn, StoreOut
from infra.errors import Forbidden
from infra.paging import Cursor, Limit, page_of
from infra.schemas import Page

router = APIRouter(prefix="/staff/v1/stores", tags=["stores"])
Reader = Annotated[Colleague, RequirePermission("stores:read")]
Writer = Annotated[Colleague, RequirePermission("stores:write")]


@router.post("", status_code=201)
async def add_store(body: StoreIn, _by: Writer, once: Once) -> StoreOut:
    """A new store; its code follows within seconds."""

    async def act() -> StoreOut:
        return StoreOut.model_validate(await service.add_store(**body.model_dump()))

    return await once.run(act, StoreOut)


@router.get("")
async def list_stores(
    by: Reader,
    channel_id: UUID | None = None,
    is_open: Annotated[bool | None, Query(alias="open")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[StoreOut]:
    """Stores in the order they were added; those of one channel belong to the omnichannel view (omnichannel:read)."""
    if channel_id is not None and not by.may("omnichannel:read"):
        raise Forbidden({"permission": "omnichannel:read"})
    rows = await queries.page(cursor, limit + 1, channel_id=channel_id, is_open=is_open)
    return page_of(StoreOut, rows, limit)


@router.patch("/{store_id}")
async def change_store(store_id: UUID, body: StoreChange, _by: Writer) -> StoreOut:
    """Change a store's name, address, hours, phone, picture or channel."""
    return StoreOut.model_validate(await service.change_store(store_id, body.model_dump(exclude_unset=True)))


@router.post("/{store_id}/close")
async def close_store(store_id: UUID, _by: Writer) -> StoreOut:
    """Close a store: its code still welcomes and counts for its channel."""
    return StoreOut.model_validate(await service.close_store(store_id))
