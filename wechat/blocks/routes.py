"""The blacklist, for managers."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from core.customers import queries as customers
from core.organisation.dependencies import RequirePermission
from core.organisation.queries import Colleague
from infra.paging import Cursor, Limit, page_of
from infra.schemas import Page, Text
from wechat.blocks import queries, service
from wechat.blocks.schemas import BlockOut

router = APIRouter(prefix="/staff/v1", tags=["blacklist"])

Blocker = Annotated[Colleague, RequirePermission("blocks:write")]


@router.get("/blocks")
async def list_blocks(
    by: Blocker, app_id: Text | None = None, cursor: Cursor = None, limit: Limit = 50
) -> Page[BlockOut]:
    """Which fans in the caller's reach are on the blacklist of an account, or of any, newest first."""
    return page_of(BlockOut, await queries.page(by, app_id, cursor, limit + 1), limit)


@router.put("/fans/{customer_id}/block", status_code=204)
async def block(customer_id: UUID, by: Blocker, app_id: Text | None = None) -> None:
    """Blacklist a fan in one official account, or in all."""
    await service.block(await customers.standing(customer_id, by), app_id, f"staff:{by.id}")


@router.delete("/fans/{customer_id}/block", status_code=204)
async def unblock(customer_id: UUID, by: Blocker, app_id: Text | None = None) -> None:
    """Let a fan go again."""
    await service.unblock(await customers.standing(customer_id, by), app_id, f"staff:{by.id}")
