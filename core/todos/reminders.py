"""Reminders: things that colleagues put on their own lists, and the ring before something is due."""

from datetime import datetime
from uuid import UUID

from core.notices import service as notices
from core.notices.rules import NoticeKind
from core.notices.service import NewNotice
from core.todos import service
from core.todos.errors import NotDoneByHand, TodoNotFound
from core.todos.models import Todo
from core.todos.service import NewTodo
from infra import clock, database
from infra.ids import new_id
from infra.settings import settings

KIND = "reminder"
DUE = NoticeKind("todo.due", title="待办即将到期")
_RUNG_AT_ONCE = 500

_RING = """
UPDATE todo SET remind_at = NULL WHERE id IN (
    SELECT id FROM todo WHERE remind_at <= $1 AND done_at IS NULL AND dropped_at IS NULL
    ORDER BY remind_at LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED
) RETURNING id, staff_id, title, link, due_at
"""


async def add(staff_id: UUID, title: str, due_at: datetime | None) -> UUID:
    """Something a colleague wants to be reminded of; returns the to-do's id."""
    source_id = new_id()
    async with database.transaction() as connection:
        todo = NewTodo(
            staff_id=staff_id, kind=KIND, source_id=source_id, title=title, due_at=due_at, remind=due_at is not None
        )
        await service.put_many(connection, [todo])
        return (await Todo.get(staff_id=staff_id, kind=KIND, source_id=source_id)).id


async def done(staff_id: UUID, todo_id: UUID) -> None:
    """The owner is done with an own reminder; again changes nothing. Raises TodoNotFound, NotDoneByHand."""
    async with database.transaction() as connection:
        todo = await Todo.filter(version__gt=0).get_or_none(id=todo_id, staff_id=staff_id)
        if todo is None:
            raise TodoNotFound
        if todo.kind != KIND:
            raise NotDoneByHand({"kind": todo.kind, "link": todo.link})
        await service.finish(connection, KIND, todo.source_id, [staff_id])


async def ring() -> int:
    """Raise a notice for everything that is soon due, once each; returns how many."""
    rung = 0
    while some := await _ring_some():
        rung += some
    return rung


async def _ring_some() -> int:
    async with database.transaction() as connection:
        rows = await connection.fetch(_RING, clock.now(), _RUNG_AT_ONCE)
        await notices.notify_many(
            connection,
            [
                NewNotice(
                    staff_id=row["staff_id"],
                    key=f"todo:{row['id']}:{row['due_at']:%Y%m%dT%H%M%S}",
                    kind=DUE.name,
                    title=row["title"],
                    body=f"到期时间 {row['due_at'].astimezone(settings().timezone):%Y-%m-%d %H:%M}",
                    link=row["link"] or "/todos",
                )
                for row in rows
            ],
        )
    return len(rows)
