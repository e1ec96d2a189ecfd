"""What was said somewhere: messages in reach that hold some words, the newest first.

A file of its own: the index of threads finds them by pairs of characters, the scope says which conversations count.
Words that are said all day would be found a hundred thousand times, so the newest days are asked first, one by one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from core.customers.indexing import folded as folded_sql
from core.customers.search.terms import folded, pairs
from core.organisation.queries import Colleague
from core.organisation.scopes import Values
from infra import audit, clock, database
from infra.errors import InvalidInput
from infra.paging import moment_cursor, read_moment_cursor
from infra.schemas import Page
from wechat.conversations.queries import COLUMNS, JOINS, told
from wechat.conversations.rules import day_term
from wechat.inbox.schemas import FoundOut, SearchFilters
from wechat.inbox.scopes import whose

_DAY = timedelta(days=1)
_DAYS_ALONE = 3
_YEARS = range(2000, 2200)


@dataclass(frozen=True, slots=True)
class _Step:
    """What is asked at once: a day (UTC) by the term that the index has of it, or all before `until`."""

    until: datetime
    day: str | None = None

    @property
    def since(self) -> datetime | None:
        return self.until - _DAY if self.day else None


@dataclass(frozen=True, slots=True)
class _Place:
    """Behind which message the page begins."""

    at: datetime
    conversation_id: UUID
    number: int


_FIND = """
SELECT {columns}, m.created_at, m.customer_id, m.is_theirs, COALESCE(p.name, '') AS customer FROM (
    SELECT m.*, i.customer_id, COALESCE({me} IN (k.staff_id, (SELECT guide_id FROM customer WHERE id = i.customer_id)),
        false) AS is_theirs
    FROM chat_message m JOIN conversation k ON k.id = m.conversation_id
    JOIN identity i ON i.id = k.identity_id
    WHERE {conditions} ORDER BY m.created_at DESC, m.conversation_id DESC, m.number DESC LIMIT {limit}
) m LEFT JOIN customer_profile p ON p.customer_id = m.customer_id {joins}
ORDER BY m.created_at DESC, m.conversation_id DESC, m.number DESC
"""


async def page(by: Colleague, filters: SearchFilters) -> Page[FoundOut]:
    """Messages in reach of `by` that hold the words. Raises InvalidInput for fewer than two characters."""
    wanted, before = folded(filters.q), _read_cursor(filters.cursor)
    if not pairs(wanted):
        raise InvalidInput({"field": "q"})
    rows = list[asyncpg.Record]()
    for step in _steps(before.at if before else clock.now()):
        left = filters.limit + 1 - len(rows)
        if left > 0:
            sql, values = find_sql(by, wanted, step, before, left)
            rows += await database.fetch(sql, *values)
    found = await _page(by, rows, filters.limit)
    await _note(by, rows[: filters.limit])
    return found


def _steps(start: datetime) -> Iterator[_Step]:
    """The newest days one by one, then all before."""
    until = start.replace(hour=0, minute=0, second=0, microsecond=0) + _DAY
    for _ in range(_DAYS_ALONE):
        yield _Step(until, day_term(until - _DAY))
        until -= _DAY
    yield _Step(until)


def find_sql(by: Colleague, wanted: str, step: _Step, before: _Place | None, limit: int) -> tuple[str, list[Any]]:
    """The statement of a step and its values."""
    terms = [*sorted(set(pairs(wanted))), *([step.day] if step.day else [])]
    values = Values(terms, wanted, step.until)
    conditions = [
        "m.terms @> $1::text[]",
        f"strpos({folded_sql('m.text')}, $2) > 0",
        "m.created_at < $3",
        whose(by, values.put),
    ]
    if step.since is not None:
        conditions.append(f"m.created_at >= {values.put(step.since)}")
    if before is not None:
        place = f"{values.put(before.at)}::timestamptz, {values.put(before.conversation_id)}::uuid"
        number = f"{values.put(before.number)}::int"
        conditions.append(f"(m.created_at, m.conversation_id, m.number) < ({place}, {number})")
    me = f"{values.put(by.id)}::uuid"
    sql = _FIND.format(me=me, columns=COLUMNS, conditions=" AND ".join(conditions), limit=limit, joins=JOINS)
    return sql, values


async def _page(by: Colleague, rows: Sequence[asyncpg.Record], limit: int) -> Page[FoundOut]:
    shown = rows[:limit]
    items = [
        FoundOut(
            conversation_id=row["conversation_id"],
            customer_id=row["customer_id"],
            name=row["customer"],
            message=message,
        )
        for row, message in zip(shown, await told(shown, by.id), strict=True)
    ]
    if len(rows) <= limit:
        return Page(items=items, next=None)
    last = shown[-1]
    return Page(items=items, next=f"{moment_cursor(last['created_at'], last['conversation_id'])}_{last['number']}")


async def _note(by: Colleague, rows: Sequence[asyncpg.Record]) -> None:
    """Whoever sees lines of people whom they neither serve nor own has looked at these."""
    if found := sorted({str(row["customer_id"]) for row in rows if not row["is_theirs"]}):
        await audit.note("messages.searched", "staff", by.id, {"customers": found})


def _read_cursor(text: str | None) -> _Place | None:
    """Raises InvalidInput."""
    if text is None:
        return None
    moment, _, number = text.rpartition("_")
    if not (number.isascii() and number.isdigit() and len(number) < len(str(2**31))):
        raise InvalidInput({"field": "cursor"})
    at, id_ = read_moment_cursor(moment)
    if at.year not in _YEARS:
        raise InvalidInput({"field": "cursor"})
    return _Place(at, id_, int(number))
