"""Follow-up notes, and the reminder lists of whoever has customers."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from core.customers.followups import queries, service
from core.customers.followups.rules import Reminder
from core.customers.followups.schemas import FollowUpIn, FollowUpOut, RemindedOut, RemindersOut
from core.organisation.dependencies import Once, RequirePermission
from core.organisation.queries import Colleague
from infra import audit
from infra.paging import Limit, MomentCursor, moment_cursor, read_moment_cursor
from infra.schemas import Page

router = APIRouter(prefix="/staff/v1", tags=["follow-ups"])

Writer = Annotated[Colleague, RequirePermission("followups:write")]


@router.post("/customers/{customer_id}/follow-ups", status_code=201)
async def write_follow_up(customer_id: UUID, body: FollowUpIn, by: Writer, once: Once) -> FollowUpOut:
    """What the owner did with a customer and agreed with them (AT-16); late notes from phones that were offline too."""

    async def act() -> FollowUpOut:
        return await service.write(by, customer_id, body)

    return await once.run(act, FollowUpOut)


@router.get("/customers/{customer_id}/follow-ups")
async def list_follow_ups(
    customer_id: UUID,
    by: Annotated[Colleague, RequirePermission("customers:read")],
    cursor: MomentCursor = None,
    limit: Limit = 20,
) -> Page[FollowUpOut]:
    """The notes about a customer (or whom they were merged into), newest first."""
    before = read_moment_cursor(cursor) if cursor else None
    standing, notes = await queries.page(customer_id, by, before, limit + 1)
    await audit.note("customer.seen", "customer", standing, {"part": "follow_ups"})
    last = notes[limit - 1] if len(notes) > limit else None
    return Page(items=notes[:limit], next=moment_cursor(last.occurred_at, last.id) if last else None)


@router.get("/me/reminders")
async def my_reminders(by: Writer) -> RemindersOut:
    """How many of my customers stand on each reminder list (AT-65)."""
    return await queries.reminders(by.id)


@router.get("/me/reminders/{reminder}")
async def list_reminded(
    reminder: Reminder, by: Writer, cursor: MomentCursor = None, limit: Limit = 50
) -> Page[RemindedOut]:
    """My customers on a list, what is due first comes first."""
    return await queries.reminded(by.id, reminder, read_moment_cursor(cursor) if cursor else None, limit)
