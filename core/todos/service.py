"""Putting things on people's lists and taking them off: set functions for every context."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from infra import clock, live
from infra.database import Connection
from infra.ids import new_id
from infra.live import LiveEvent, staff_topic

_PUT = """
INSERT INTO todo (id, staff_id, kind, source_id, title, link, due_at, created_at)
SELECT id, staff_id, kind, source_id, title, link, due_at, $8
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::timestamptz[])
    AS t (id, staff_id, kind, source_id, title, link, due_at) ORDER BY staff_id, kind, source_id
ON CONFLICT (staff_id, kind, source_id) DO UPDATE
    SET title = excluded.title, link = excluded.link, due_at = excluded.due_at, done_at = NULL, dropped_at = NULL
"""

_END = """
UPDATE todo SET {column} = $4 WHERE kind = $1 AND source_id = $2 AND ($3::uuid[] IS NULL OR staff_id = ANY($3))
AND done_at IS NULL AND dropped_at IS NULL RETURNING staff_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTodo:
    """`kind` (`task`, `approval`, `review` …) and `source_id` say what it comes from, once per colleague."""

    staff_id: UUID
    kind: str
    source_id: UUID
    title: str
    link: str = ""
    due_at: datetime | None = None


async def put_many(connection: Connection, todos: Sequence[NewTodo]) -> None:
    """Put things on lists; what is there already is brought up to date and is open again."""
    await connection.execute(
        _PUT,
        [new_id() for _ in todos],
        [todo.staff_id for todo in todos],
        [todo.kind for todo in todos],
        [todo.source_id for todo in todos],
        [todo.title for todo in todos],
        [todo.link for todo in todos],
        [todo.due_at for todo in todos],
        clock.now(),
    )
    await _tell(connection, {todo.staff_id for todo in todos})


async def finish(connection: Connection, kind: str, source_id: UUID, staff_ids: Collection[UUID] | None) -> None:
    """It is done, by these colleagues (None: by all who had it)."""
    await _end(connection, "done_at", kind, source_id, staff_ids)


async def drop(connection: Connection, kind: str, source_id: UUID, staff_ids: Collection[UUID] | None) -> None:
    """It need not be done any more, by these colleagues (None: by all who had it)."""
    await _end(connection, "dropped_at", kind, source_id, staff_ids)


async def _end(
    connection: Connection, column: str, kind: str, source_id: UUID, staff_ids: Collection[UUID] | None
) -> None:
    people = None if staff_ids is None else list(staff_ids)
    rows = await connection.fetch(_END.format(column=column), kind, source_id, people, clock.now())
    await _tell(connection, {row["staff_id"] for row in rows})


async def _tell(connection: Connection, staff_ids: Collection[UUID]) -> None:
    await live.publish(connection, [LiveEvent(staff_topic(staff_id), "todos", {}) for staff_id in sorted(staff_ids)])
