"""Putting things on people's lists and taking them off: set functions for every context.

Handlers may repeat and overtake each other: a put that is not newer than what is there changes nothing, and what was
ended for somebody before it arrived stays ended.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from infra import clock, live
from infra.database import Connection
from infra.ids import new_id
from infra.live import LiveEvent, staff_topic
from infra.parameters import Parameter

REMIND_MINUTES = Parameter(
    name="todos.remind_minutes",
    default=30,
    least=0,
    most=10_080,
    help="待办到期前多少分钟提醒本人",
    english="How many minutes before a to-do falls due its owner is reminded",
)

_PUT = """
INSERT INTO todo (id, staff_id, kind, source_id, title, link, due_at, remind_at, version, created_at)
SELECT id, staff_id, kind, source_id, title, link, due_at, remind_at, version, $10
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::timestamptz[],
    $8::timestamptz[], $9::int[])
    AS t (id, staff_id, kind, source_id, title, link, due_at, remind_at, version) ORDER BY staff_id, kind, source_id
ON CONFLICT (staff_id, kind, source_id) DO UPDATE
    SET title = excluded.title, link = excluded.link, due_at = excluded.due_at, version = excluded.version,
        remind_at = CASE WHEN todo.due_at = excluded.due_at THEN todo.remind_at ELSE excluded.remind_at END {again}
    WHERE todo.version < excluded.version
RETURNING staff_id
"""
_AGAIN = ", done_at = NULL, dropped_at = NULL"

_END = """
UPDATE todo SET {column} = $3 WHERE kind = $1 AND source_id = $2 AND done_at IS NULL AND dropped_at IS NULL
RETURNING staff_id, version
"""

# Also for whom it has not arrived yet: a row of version 0 waits for it. Of both ends done stands, whichever came first.
_END_FOR = """
INSERT INTO todo (id, staff_id, kind, source_id, title, link, version, created_at, {column})
SELECT id, staff_id, $1, $2, '', '', 0, $3, $3 FROM unnest($4::uuid[], $5::uuid[]) AS t (id, staff_id) ORDER BY staff_id
ON CONFLICT (staff_id, kind, source_id) DO UPDATE SET done_at = excluded.done_at, dropped_at = excluded.dropped_at
    WHERE todo.done_at IS NULL AND (todo.dropped_at IS NULL OR excluded.done_at IS NOT NULL)
RETURNING staff_id, version
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTodo:
    """`kind` (`task`, `approval`, `review` …) and `source_id` say what it comes from, once per colleague.

    `version` grows with each change of the source. `reopen`: a newer version is to be done again by who was done with
    it (or had it dropped). `remind`: the list rings before it is due; for sources that don't ring by themselves.
    """

    staff_id: UUID
    kind: str
    source_id: UUID
    title: str
    link: str = ""
    due_at: datetime | None = None
    version: int = 1
    reopen: bool = False
    remind: bool = False


async def put_many(connection: Connection, todos: Sequence[NewTodo]) -> None:
    """Put things on lists, in the caller's transaction; what is there already is brought up to a newer version."""
    ahead = timedelta(minutes=await REMIND_MINUTES.get())
    newest = dict[tuple[UUID, str, UUID], NewTodo]()
    for todo in sorted(todos, key=lambda todo: todo.version):
        newest[todo.staff_id, todo.kind, todo.source_id] = todo
    changed = set[UUID]()
    for again in (False, True):
        some = [todo for todo in newest.values() if todo.reopen is again]
        if some:
            changed |= await _put(connection, some, [_ring_at(todo, ahead) for todo in some], again=again)
    await tell(connection, changed)


def _ring_at(todo: NewTodo, ahead: timedelta) -> datetime | None:
    late = todo.due_at is None or todo.due_at <= clock.now()
    return None if late or todo.due_at is None or not todo.remind else todo.due_at - ahead


async def _put(
    connection: Connection, todos: Sequence[NewTodo], ring_at: Sequence[datetime | None], *, again: bool
) -> set[UUID]:
    rows = await connection.fetch(
        _PUT.format(again=_AGAIN if again else ""),
        [new_id() for _ in todos],
        [todo.staff_id for todo in todos],
        [todo.kind for todo in todos],
        [todo.source_id for todo in todos],
        [todo.title for todo in todos],
        [todo.link for todo in todos],
        [todo.due_at for todo in todos],
        ring_at,
        [todo.version for todo in todos],
        clock.now(),
    )
    return {row["staff_id"] for row in rows}


async def finish(connection: Connection, kind: str, source_id: UUID, staff_ids: Collection[UUID] | None) -> None:
    """It is done, by these colleagues (None: by all who have it)."""
    await _end(connection, "done_at", kind, source_id, staff_ids)


async def drop(connection: Connection, kind: str, source_id: UUID, staff_ids: Collection[UUID] | None) -> None:
    """It need not be done any more, by these colleagues (None: by all who have it)."""
    await _end(connection, "dropped_at", kind, source_id, staff_ids)


async def _end(
    connection: Connection, column: str, kind: str, source_id: UUID, staff_ids: Collection[UUID] | None
) -> None:
    now = clock.now()
    if staff_ids is None:
        rows = await connection.fetch(_END.format(column=column), kind, source_id, now)
    else:
        people = list(set(staff_ids))
        ids = [new_id() for _ in people]
        rows = await connection.fetch(_END_FOR.format(column=column), kind, source_id, now, ids, people)
    await tell(connection, {row["staff_id"] for row in rows if row["version"]})


async def tell(connection: Connection, staff_ids: Collection[UUID]) -> None:
    """These colleagues' lists have changed."""
    await live.publish(connection, [LiveEvent(staff_topic(staff_id), "todos", {}) for staff_id in sorted(staff_ids)])
