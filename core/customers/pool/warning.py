"""Telling owners, once, which customers will go back to the pool unless something happens (AT-02).

A file of its own: the sweep warns, and whoever writes down a record of sales asks whether the owner is done with it.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta
from uuid import UUID

from core.customers.pool.terms import IDLE, WARN_DAYS, Terms
from core.notices import service as notices
from core.notices.rules import NoticeKind
from core.notices.service import NewNotice
from core.todos import service as todos
from core.todos.service import NewTodo
from infra import clock
from infra.database import Connection, transaction

RETURNING = NoticeKind("customers.returning", title="客户即将收回公海")
TODO = "customers_returning"
_LINK = "/reminders/returning"
_NAMED = 5

_WARN = f"""
UPDATE customer SET warned_at = $4 WHERE id IN (
    SELECT c.id FROM customer c WHERE {IDLE} AND c.warned_at IS NULL AND c.active_at >= $5
    FOR NO KEY UPDATE OF c SKIP LOCKED
) RETURNING id
"""

# Whom the terms of today would not return tomorrow is warned of when it is time.
_CALM = """
UPDATE customer SET warned_at = NULL WHERE id IN (
    SELECT c.id FROM customer c WHERE c.warned_at IS NOT NULL AND (
        $1::timestamptz IS NULL OR c.active_at >= $1 OR c.is_staff
        OR EXISTS (SELECT FROM customer_profile p WHERE p.customer_id = c.id AND p.party = ANY($2::text[]))
        OR NOT $3 AND EXISTS (SELECT FROM staff s WHERE s.id = c.guide_id AND s.is_guide)
    ) FOR NO KEY UPDATE OF c SKIP LOCKED
)
"""

_NAMES = """
SELECT COALESCE(p.name, '客户' || c.number) AS name FROM customer c
LEFT JOIN customer_profile p ON p.customer_id = c.id WHERE c.id = ANY($1::uuid[]) ORDER BY c.id LIMIT $2
"""

_WARNED = """
EXISTS (SELECT FROM customer c WHERE c.guide_id = {owner} AND c.warned_at IS NOT NULL AND c.merged_into_id IS NULL)
"""

_DONE = f"""
SELECT o.id FROM unnest($1::uuid[]) AS o (id) WHERE NOT {_WARNED.format(owner="o.id")} ORDER BY o.id
"""

_STALE = f"""
SELECT t.source_id AS id FROM todo t
WHERE t.kind = $1 AND t.done_at IS NULL AND t.dropped_at IS NULL AND NOT {_WARNED.format(owner="t.source_id")}
ORDER BY t.source_id
"""


async def warn(owner_id: UUID, terms: Terms) -> None:
    """A notice and a to-do about the customers of an owner that are due next; each customer once."""
    if terms.warn_before is None or terms.idle_before is None:
        return
    async with transaction() as connection:
        rows = await connection.fetch(_WARN, owner_id, terms.warn_before, terms.exempt, clock.now(), terms.idle_before)
        if rows:
            await _tell(connection, owner_id, [row["id"] for row in rows])


async def _tell(connection: Connection, owner_id: UUID, ids: Sequence[UUID]) -> None:
    today, days = clock.business_day(), await WARN_DAYS.get()
    title = f"{len(ids)} 位客户将在 {days} 天内收回公海"
    await notices.notify_many(
        connection,
        [
            NewNotice(
                staff_id=owner_id,
                key=f"{RETURNING.name}:{ids[0]}:{today}",
                kind=RETURNING.name,
                title=title,
                body=f"{await names(connection, ids, len(ids))}长期没有新的销售记录，请及时跟进",
                link=_LINK,
            )
        ],
    )
    due_at = clock.start_of_day(today + timedelta(days=days))
    todo = NewTodo(
        staff_id=owner_id,
        kind=TODO,
        source_id=owner_id,
        title=title,
        link=_LINK,
        due_at=due_at,
        version=today.toordinal(),
        reopen=True,
    )
    await todos.put_many(connection, [todo])


async def names(connection: Connection, ids: Sequence[UUID], number: int) -> str:
    """The first of these customers by name, and how many there are in all."""
    rows = await connection.fetch(_NAMES, list(ids), _NAMED)
    told = "、".join(row["name"] for row in rows)
    return told if number <= _NAMED else f"{told}等 {number} 位"


async def finish_done(connection: Connection, owner_ids: Collection[UUID]) -> None:
    """The to-dos of owners who have no such customer any more are done."""
    for row in await connection.fetch(_DONE, list(owner_ids)):
        await todos.finish(connection, TODO, row["id"], None)


async def drop_done(terms: Terms) -> None:
    """The same of all who got rid of them in another way; customers who stay by the terms are warned of no more."""
    async with transaction() as connection:
        await connection.execute(_CALM, terms.warn_before, terms.exempt, terms.guides_too)
        for row in await connection.fetch(_STALE, TODO):
            await todos.drop(connection, TODO, row["id"], None)
