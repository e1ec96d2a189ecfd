"""Views: searches that people keep, and share."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from core.customers.search.views import queries, service
from core.customers.search.views.schemas import ViewChange, ViewIn, ViewOrder, ViewOut
from core.organisation.dependencies import Once, RequirePermission
from core.organisation.queries import Colleague
from infra.paging import Cursor, Limit, page_of
from infra.schemas import Page

router = APIRouter(prefix="/staff/v1/views", tags=["views"])
Reader = Annotated[Colleague, RequirePermission("customers:read")]


@router.get("")
async def list_own_views(by: Reader) -> list[ViewOut]:
    """The caller's own views, in their order."""
    return await queries.own(by)


@router.get("/shared")
async def list_shared_views(by: Reader, cursor: Cursor = None, limit: Limit = 50) -> Page[ViewOut]:
    """The views that others share."""
    return page_of(ViewOut, await queries.shared(by, cursor, limit + 1), limit)


@router.post("", status_code=201)
async def add_view(body: ViewIn, by: Reader, once: Once) -> ViewOut:
    """Keep a search; to share it takes `views:share`."""

    async def act() -> ViewOut:
        return await queries.view(by, await service.add(by, body))

    return await once.run(act, ViewOut)


@router.put("/order")
async def order_views(body: ViewOrder, by: Reader) -> list[ViewOut]:
    """Put all own views in order."""
    await service.order(by, body.ids)
    return await queries.own(by)


@router.get("/{view_id}")
async def get_view(view_id: UUID, by: Reader) -> ViewOut:
    """A view, the own or a shared one; it says what it asks for and is no more."""
    return await queries.view(by, view_id)


@router.patch("/{view_id}")
async def change_view(view_id: UUID, body: ViewChange, by: Reader) -> ViewOut:
    """Change an own view."""
    await service.change(by, view_id, body)
    return await queries.view(by, view_id)


@router.delete("/{view_id}", status_code=204)
async def delete_view(view_id: UUID, by: Reader) -> None:
    """Delete an own view."""
    await service.delete(by, view_id)
