"""Corrections of mobiles."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from core.customers import queries as customers
from core.customers.profiles.mobiles import queries, service
from core.customers.profiles.mobiles.schemas import MobileChangeIn, MobileChangeOut
from core.organisation.dependencies import Once, RequirePermission
from core.organisation.queries import Colleague
from infra import audit
from infra.paging import Cursor, Limit
from infra.schemas import Page

router = APIRouter(prefix="/staff/v1", tags=["customers"])

Writer = Annotated[Colleague, RequirePermission("customers:write")]
Decider = Annotated[Colleague, RequirePermission("customers:correct")]


@router.post("/customers/{customer_id}/mobile-changes", status_code=201)
async def ask_mobile_change(customer_id: UUID, body: MobileChangeIn, by: Writer, once: Once) -> MobileChangeOut:
    """Ask for the correction of a wrong mobile; one request at a time per customer."""

    async def act() -> MobileChangeOut:
        return await queries.mobile_change(by, await service.ask(by, customer_id, body))

    return await once.run(act, MobileChangeOut)


@router.get("/customers/{customer_id}/mobile-changes")
async def list_mobile_changes(
    customer_id: UUID, by: Writer, cursor: Cursor = None, limit: Limit = 50
) -> Page[MobileChangeOut]:
    """The corrections asked for about a customer, the latest first."""
    standing = await customers.standing(customer_id, by)
    await audit.note("customer.seen", "customer", standing, {"part": "mobile_changes"})
    return _page(await queries.of_customer(by, standing, cursor, limit + 1), limit)


@router.get("/mobile-changes")
async def list_open_mobile_changes(by: Decider, cursor: Cursor = None, limit: Limit = 50) -> Page[MobileChangeOut]:
    """What waits for a decision about customers in the caller's reach, the oldest first."""
    return _page(await queries.open_page(by, cursor, limit + 1), limit)


@router.post("/mobile-changes/{mobile_change_id}/approve")
async def approve_mobile_change(mobile_change_id: UUID, by: Decider) -> MobileChangeOut:
    """Let the right number replace the wrong one; by somebody else than who asked, and never a proven number."""
    await service.approve(by, mobile_change_id)
    return await queries.mobile_change(by, mobile_change_id)


@router.post("/mobile-changes/{mobile_change_id}/refuse")
async def refuse_mobile_change(mobile_change_id: UUID, by: Decider) -> MobileChangeOut:
    """Leave the number as it is; by somebody else than who asked."""
    await service.refuse(by, mobile_change_id)
    return await queries.mobile_change(by, mobile_change_id)


def _page(rows: list[MobileChangeOut], limit: int) -> Page[MobileChangeOut]:
    return Page(items=rows[:limit], next=str(rows[limit - 1].id) if len(rows) > limit else None)
