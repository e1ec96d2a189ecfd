"""The outbound ledger, for administrators."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from core.organisation.dependencies import RequirePermission
from core.organisation.queries import Colleague
from infra.paging import page_of
from infra.schemas import Page
from wechat.outbound import queries, retrying
from wechat.outbound.schemas import MessageFilters, MessageOut

router = APIRouter(prefix="/staff/v1/outbound", tags=["outbound"])


@router.get("")
async def list_messages(
    filters: Annotated[MessageFilters, Query()], _by: Annotated[Colleague, RequirePermission("accounts:read")]
) -> Page[MessageOut]:
    """What was to leave for WeChat and what became of it, the newest first; neither openids nor contents."""
    return page_of(MessageOut, await queries.page(filters), filters.limit)


@router.post("/{message_id}/retry")
async def retry(message_id: UUID, _by: Annotated[Colleague, RequirePermission("accounts:write")]) -> MessageOut:
    """Send a message again that failed, or whose fate is unknown: then it may arrive twice."""
    await retrying.retry(message_id)
    return await queries.message(message_id)
