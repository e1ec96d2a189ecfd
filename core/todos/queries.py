"""Reading to-do lists."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg

from core.todos.errors import TodoNotFound
from core.todos.reminders import KIND
from core.todos.schemas import TodoCountsOut, TodoOut
from infra import clock, database
from infra.paging import moment_cursor
from infra.parameters import Parameter
from infra.schemas import Page

DONE_DAYS = Parameter(
    name="todos.done_days",
    default=7,
    least=1,
    most=90,
    help="已完成的待办继续显示的天数",
    english="How many days a finished to-do is still shown",
)
# What has no time is due after everything that has one.
_NEVER = datetime(9999, 12, 31, tzinfo=UTC)

_COLUMNS = "id, kind, source_id, title, link, due_at, created_at, done_at"

_OPEN = f"""
SELECT {_COLUMNS} FROM todo WHERE staff_id = $1 AND done_at IS NULL AND dropped_at IS NULL
AND ($2::timestamptz IS NULL OR (COALESCE(due_at, $4), id) > ($2, $3)) AND ($5::text IS NULL OR kind = $5)
ORDER BY due_at, id LIMIT $6
"""

_DONE = f"""
SELECT {_COLUMNS} FROM todo WHERE staff_id = $1 AND version > 0 AND done_at > $4
AND ($2::timestamptz IS NULL OR (done_at, id) < ($2, $3)) AND ($5::text IS NULL OR kind = $5)
ORDER BY done_at DESC, id DESC LIMIT $6
"""

_ONE = f"SELECT {_COLUMNS} FROM todo WHERE id = $1 AND staff_id = $2 AND version > 0"

_COUNTS = """
SELECT kind, count(*) AS n, count(*) FILTER (WHERE due_at < $2) AS overdue FROM todo
WHERE staff_id = $1 AND done_at IS NULL AND dropped_at IS NULL GROUP BY kind ORDER BY kind
"""


async def open_page(
    staff_id: UUID, after: tuple[datetime, UUID] | None, limit: int, *, kind: str | None = None
) -> Page[TodoOut]:
    """What a colleague has to do: what is due first comes first, then what has no time, the oldest first."""
    rows = await database.fetch(_OPEN, staff_id, *(after or (None, None)), _NEVER, kind, limit + 1)
    return _page(rows, limit, "due_at")


async def done_page(
    staff_id: UUID, before: tuple[datetime, UUID] | None, limit: int, *, kind: str | None = None
) -> Page[TodoOut]:
    """What a colleague has done in the last days, the latest first."""
    since = clock.now() - timedelta(days=await DONE_DAYS.get())
    rows = await database.fetch(_DONE, staff_id, *(before or (None, None)), since, kind, limit + 1)
    return _page(rows, limit, "done_at")


def _page(rows: Sequence[asyncpg.Record], limit: int, place: str) -> Page[TodoOut]:
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(
        items=[_shown(row) for row in rows[:limit]],
        next=moment_cursor(last[place] or _NEVER, last["id"]) if last else None,
    )


def _shown(row: asyncpg.Record) -> TodoOut:
    overdue = row["done_at"] is None and row["due_at"] is not None and row["due_at"] < clock.now()
    return TodoOut(**row, overdue=overdue, by_hand=row["kind"] == KIND)


async def one(staff_id: UUID, todo_id: UUID) -> TodoOut:
    """A to-do as its owner sees it. Raises TodoNotFound."""
    row = await database.fetch_one(_ONE, todo_id, staff_id)
    if row is None:
        raise TodoNotFound
    return _shown(row)


async def counts(staff_id: UUID) -> TodoCountsOut:
    """What a colleague has to do, counted."""
    rows = await database.fetch(_COUNTS, staff_id, clock.now())
    return TodoCountsOut(
        open=sum(row["n"] for row in rows),
        overdue=sum(row["overdue"] for row in rows),
        kinds={row["kind"]: row["n"] for row in rows},
    )
