"""Reading announcements, and who has read them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from core.organisation.queries import Colleague
from core.organisation.scopes import Values, of_staff
from infra import database

_LISTED = "a.id, a.title, s.name AS author_name, a.version, a.published_at, a.withdrawn_at, r.read_at"

_MINE = f"""
SELECT {_LISTED} FROM announcement_reader r JOIN announcement a ON a.id = r.announcement_id
JOIN staff s ON s.id = a.author_id
WHERE r.staff_id = $1 AND a.withdrawn_at IS NULL AND ($2::uuid IS NULL OR r.announcement_id < $2)
AND (r.read_at IS NULL OR NOT $3) ORDER BY r.announcement_id DESC LIMIT $4
"""

_UNREAD = """
SELECT count(*) AS n FROM announcement_reader r JOIN announcement a ON a.id = r.announcement_id
WHERE r.staff_id = $1 AND r.read_at IS NULL AND a.withdrawn_at IS NULL
"""

_OURS = """
SELECT {listed} FROM announcement a JOIN staff s ON s.id = a.author_id
LEFT JOIN announcement_reader r ON r.announcement_id = a.id AND r.staff_id = $1
WHERE ($2::uuid IS NULL OR a.id < $2) AND (a.author_id = $1 OR {reach}) ORDER BY a.id DESC LIMIT $3
"""

_ONE = """
SELECT a.id, a.title, a.body, a.audience, a.author_id, s.name AS author_name, a.version, a.published_at,
       a.withdrawn_at, r.read_at, r.id IS NOT NULL AS addressed
FROM announcement a JOIN staff s ON s.id = a.author_id
LEFT JOIN announcement_reader r ON r.announcement_id = a.id AND r.staff_id = $2 WHERE a.id = $1
"""

_COUNTS = "SELECT count(*) AS readers, count(read_at) AS read FROM announcement_reader WHERE announcement_id = $1"

_READERS = """
SELECT s.id, s.name, d.name AS department, r.read_at FROM announcement_reader r
JOIN staff s ON s.id = r.staff_id JOIN department d ON d.id = s.department_id
WHERE r.announcement_id = $1 AND ($2::uuid IS NULL OR r.staff_id > $2)
AND ($3::bool IS NULL OR (r.read_at IS NOT NULL) = $3) ORDER BY r.staff_id LIMIT $4
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A line of a list; `read_at` is the reader's own."""

    id: UUID
    title: str
    author_name: str
    version: int
    published_at: datetime
    withdrawn_at: datetime | None
    read_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Somebody it is addressed to."""

    id: UUID
    name: str
    department: str
    read_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """One as a colleague finds it; `addressed`: it is meant for that colleague."""

    id: UUID
    title: str
    body: str
    audience: dict[str, Any]
    author_id: UUID
    author_name: str
    version: int
    published_at: datetime
    withdrawn_at: datetime | None
    read_at: datetime | None
    addressed: bool


async def mine(staff_id: UUID, before: UUID | None, limit: int, *, unread: bool) -> list[Listed]:
    """What is addressed to a colleague, newest first."""
    return [Listed(**row) for row in await database.fetch(_MINE, staff_id, before, unread, limit)]


async def unread(staff_id: UUID) -> int:
    """How much of it is unread."""
    row = await database.fetch_one(_UNREAD, staff_id)
    return int(row["n"]) if row else 0


async def page(by: Colleague, before: UUID | None, limit: int) -> list[Listed]:
    """The announcements of the people in reach, newest first."""
    values = Values(by.id, before, limit)
    sql = _OURS.format(listed=_LISTED, reach=of_staff(by, values.put, "a.author_id"))
    return [Listed(**row) for row in await database.fetch(sql, *values)]


async def find(announcement_id: UUID, staff_id: UUID) -> Announcement | None:
    """An announcement, with the place of a colleague among its readers."""
    row = await database.fetch_one(_ONE, announcement_id, staff_id)
    return Announcement(**dict(row) | {"audience": orjson.loads(row["audience"])}) if row else None


async def counts(announcement_id: UUID) -> dict[str, int]:
    """How many it is addressed to (`readers`) and how many of them have `read` it."""
    row = await database.fetch_one(_COUNTS, announcement_id)
    return dict(row) if row else {}


async def readers(announcement_id: UUID, after: UUID | None, limit: int, *, read: bool | None) -> list[Reader]:
    """Those it is addressed to, or those who have (not) read it."""
    return [Reader(**row) for row in await database.fetch(_READERS, announcement_id, after, read, limit)]
