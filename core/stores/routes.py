"""Stores, for managers."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import StringConstraints

from core.organisation.dependencies import Once, RequirePermission
from core.organisation.imports.routes import XLSX, Xlsx
from core.organisation.queries import Colleague
from core.stores import importing, queries, service
from core.stores.queries import StoreFilter
from core.stores.schemas import StoreChange, StoreImportOut, StoreIn, StoreOut
from infra import spreadsheets
from infra.errors import Forbidden
from infra.paging import Cursor, Limit, page_of
from infra.schemas import Page, Text

router = APIRouter(prefix="/staff/v1/stores", tags=["stores"])
Reader = Annotated[Colleague, RequirePermission("stores:read")]
Writer = Annotated[Colleague, RequirePermission("stores:write")]


async def _filter(
    *,
    channel_id: UUID | None = None,
    is_open: Annotated[bool | None, Query(alias="open")] = None,
    text: Annotated[Text, StringConstraints(min_length=1, max_length=50)] | None = None,
) -> StoreFilter:
    return StoreFilter(channel_id=channel_id, is_open=is_open, text=text)


@router.post("", status_code=201)
async def add_store(body: StoreIn, by: Writer, once: Once) -> StoreOut:
    """A new store; its code follows within seconds."""

    async def act() -> StoreOut:
        return StoreOut.model_validate(await service.add(by, **body.values()))

    return await once.run(act, StoreOut)


@router.get("")
async def list_stores(
    by: Reader, wanted: Annotated[StoreFilter, Depends(_filter)], cursor: Cursor = None, limit: Limit = 50
) -> Page[StoreOut]:
    """The stores in the caller's reach, the own one included, in the order they were added.

    `text` is part of the name. Those of one channel belong to the omnichannel view (omnichannel:read).
    """
    if wanted.channel_id is not None and not by.may("omnichannel:read"):
        raise Forbidden({"permission": "omnichannel:read"})
    rows = await queries.page(by, wanted, cursor, limit + 1)
    return page_of(StoreOut, rows, limit)


@router.get("/import/template.xlsx", response_class=Response, responses=XLSX)
async def store_template(_by: Writer) -> Response:
    """The empty form, with notes on how to fill it in."""
    content = spreadsheets.template(list(importing.HEADERS.values()), importing.NOTES)
    headers = {"Content-Disposition": 'attachment; filename="stores.xlsx"'}
    return Response(content, media_type=spreadsheets.MEDIA_TYPE, headers=headers)


@router.post("/import")
async def import_stores(content: Xlsx, by: Writer, *, dry_run: bool = True) -> StoreImportOut:
    """Add every store in a filled-in form, or with `dry_run` say what would happen; with any problem none is added."""
    return await importing.import_stores(by, content, dry_run=dry_run)


@router.get("/{store_id}")
async def get_store(store_id: UUID, by: Reader) -> StoreOut:
    """One store in the caller's reach."""
    return StoreOut.model_validate(await queries.store(by, store_id))


@router.patch("/{store_id}")
async def change_store(store_id: UUID, body: StoreChange, by: Writer) -> StoreOut:
    """Change a store's name, address, hours, phone, picture, channel, department or position."""
    return StoreOut.model_validate(await service.change_store(by, store_id, body.values(exclude_unset=True)))


@router.post("/{store_id}/close")
async def close_store(store_id: UUID, by: Writer) -> StoreOut:
    """Close a store: its code still welcomes and counts for its channel."""
    return StoreOut.model_validate(await service.close_store(by, store_id))
