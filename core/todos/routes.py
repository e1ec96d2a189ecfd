"""One's own to-do list."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import StringConstraints

from core.organisation.dependencies import CurrentStaff, Once
from core.todos import queries, reminders
from core.todos.schemas import ReminderIn, TodoCountsOut, TodoOut
from infra.paging import Limit, MomentCursor, read_moment_cursor
from infra.schemas import Page, Text

router = APIRouter(prefix="/staff/v1/me/todos", tags=["todos"])
Kind = Annotated[Text, StringConstraints(min_length=1, max_length=40)]


@router.get("")
async def list_todos(
    staff: CurrentStaff,
    state: Literal["open", "done"] = "open",
    kind: Kind | None = None,
    cursor: MomentCursor = None,
    limit: Limit = 50,
) -> Page[TodoOut]:
    """What one has to do, first what is due first; or what one has done in the last days."""
    place = read_moment_cursor(cursor) if cursor else None
    page = queries.open_page if state == "open" else queries.done_page
    return await page(staff.id, place, limit, kind=kind)


@router.get("/counts")
async def count_todos(staff: CurrentStaff) -> TodoCountsOut:
    """How much there is to do, overdue, and by kind."""
    return await queries.counts(staff.id)


@router.post("", status_code=201)
async def add_reminder(body: ReminderIn, staff: CurrentStaff, once: Once) -> TodoOut:
    """Put something of one's own on the list."""

    async def act() -> TodoOut:
        return await queries.one(staff.id, await reminders.add(staff.id, body.title, body.due_at))

    return await once.run(act, TodoOut)


@router.post("/{todo_id}/done")
async def finish_reminder(todo_id: UUID, staff: CurrentStaff) -> TodoOut:
    """One is done with an own reminder; anything else ends where it comes from."""
    await reminders.done(staff.id, todo_id)
    return await queries.one(staff.id, todo_id)
