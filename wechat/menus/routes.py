"""Menus, for marketers."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from core.organisation.dependencies import Once, RequirePermission
from core.organisation.queries import Colleague
from infra.paging import Cursor, Limit, page_of
from infra.schemas import Page
from wechat.menus import live, queries, service
from wechat.menus.schemas import LiveMenuOut, MenuIn, MenuOut, MenuVersionIn

router = APIRouter(prefix="/staff/v1/accounts/{account_id}/menus", tags=["menus"])

Reader = Annotated[Colleague, RequirePermission("menus:read")]
Writer = Annotated[Colleague, RequirePermission("menus:write")]


@router.get("")
async def list_menus(account_id: UUID, _by: Reader, cursor: Cursor = None, limit: Limit = 20) -> Page[MenuOut]:
    """The editions of an account's menu, the newest first."""
    return page_of(MenuOut, await queries.page(account_id, cursor, limit + 1), limit)


@router.get("/draft")
async def read_draft(account_id: UUID, _by: Reader) -> MenuOut:
    """The draft with its problems; before there is one (version 0), what it begins from."""
    return await queries.draft(account_id)


@router.put("/draft")
async def put_draft(account_id: UUID, body: MenuIn, by: Writer) -> MenuOut:
    """Write the draft; it may have problems, which the answer names. Nothing of it reaches the platform."""
    return await queries.edition(account_id, await service.put_draft(account_id, body, by))


@router.get("/live")
async def read_live(account_id: UUID, _by: Reader) -> LiveMenuOut:
    """What the platform shows now: each request asks it, and it counts."""
    return await live.shown(account_id)


@router.post("/publish", status_code=202)
async def publish(account_id: UUID, body: MenuVersionIn, by: Writer, once: Once) -> MenuOut:
    """Publish the draft within seconds: `publishing`, then `live`, or `failed` with the platform's reason."""

    async def act() -> MenuOut:
        return await queries.edition(account_id, await service.publish(account_id, body.version, by))

    return await once.run(act, MenuOut)


@router.post("/{menu_id}/restore", status_code=202)
async def restore(account_id: UUID, menu_id: UUID, by: Writer, once: Once) -> MenuOut:
    """Publish a former edition once more, as a new one; the draft stays."""

    async def act() -> MenuOut:
        return await queries.edition(account_id, await service.restore(account_id, menu_id, by))

    return await once.run(act, MenuOut)
