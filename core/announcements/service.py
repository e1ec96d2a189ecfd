"""Use cases around announcements.

Whom one is addressed to is decided when it is published; who joins a department later does not get old ones.
"""

from collections.abc import Sequence
from uuid import UUID

import orjson

from core.announcements import queries
from core.announcements.errors import AnnouncementChanged, AnnouncementNotFound, AnnouncementWithdrawn
from core.announcements.events import AnnouncementIssued
from core.announcements.queries import Announcement
from core.announcements.rules import notice_keys
from core.notices import service as notices
from core.organisation.audience import Audience, people_in_reach
from core.organisation.queries import Colleague
from core.organisation.scopes import reaches
from infra import audit, clock, database
from infra.database import Connection
from infra.ids import new_id
from infra.outbox import publish as publish_events

_CHUNK = 1_000
_WRITE = "announcements:write"

_ADD = """
INSERT INTO announcement (id, title, body, audience, author_id, version, published_at)
VALUES ($1, $2, $3, $4::jsonb, $5, 1, $6)
"""
# Who wrote it has read it.
_ADDRESS = """
INSERT INTO announcement_reader (announcement_id, staff_id, read_at)
SELECT $1, id, CASE WHEN id = $3 THEN $4::timestamptz END FROM unnest($2::uuid[]) AS p (id)
"""

_CHANGE = """
UPDATE announcement SET title = COALESCE($3, title), body = COALESCE($4, body), version = version + 1
WHERE id = $1 AND version = $2 AND withdrawn_at IS NULL RETURNING version
"""
_UNREAD_AGAIN = """
UPDATE announcement_reader SET read_at = NULL WHERE id IN (
    SELECT id FROM announcement_reader WHERE announcement_id = $1 AND read_at IS NOT NULL AND staff_id <> $2
    ORDER BY id FOR NO KEY UPDATE
) RETURNING staff_id
"""

_READ = """
UPDATE announcement_reader SET read_at = $3 WHERE announcement_id = $1 AND staff_id = $2 AND read_at IS NULL
"""


async def announce(by: Colleague, title: str, body: str, audience: Audience) -> Announcement:
    """Publish one to everybody the audience means now. Raises AudienceOutOfReach, AudienceEmpty."""
    id_, now = new_id(), clock.now()
    async with database.transaction() as connection:
        people = await people_in_reach(connection, by, audience)
        await connection.execute(_ADD, id_, title, body, orjson.dumps(audience.model_dump()).decode(), by.id, now)
        await connection.execute(_ADDRESS, id_, people, by.id, now)
        await _issue(id_, 1, [person for person in people if person != by.id])
        await audit.note("announcement.published", "announcement", id_, {"people": len(people)})
        return await _found(id_, by)


async def open_one(by: Colleague, announcement_id: UUID) -> Announcement:
    """Whom it is addressed to reads it (the first time stands); its keepers may look. Raises AnnouncementNotFound."""
    found = await _found(announcement_id, by)
    if found.addressed and found.withdrawn_at is None:
        if found.read_at is None:
            await _read(by.id, found)
            found = await _found(announcement_id, by)
    elif not await keeps(by, found):
        raise AnnouncementNotFound
    return found


async def keeps(by: Colleague, found: Announcement) -> bool:
    """Whether somebody looks after it: its author, and who may announce and has the author in reach."""
    return found.author_id == by.id or (by.may(_WRITE) and await reaches(by, found.author_id))


async def kept(by: Colleague, announcement_id: UUID) -> Announcement:
    """The announcement, for who looks after it. Raises AnnouncementNotFound."""
    found = await _found(announcement_id, by)
    if not await keeps(by, found):
        raise AnnouncementNotFound
    return found


async def change(
    by: Colleague, announcement_id: UUID, version: int, *, title: str | None, body: str | None
) -> Announcement:
    """A new version: whoever had read the former is told, and has it unread again.

    Raises AnnouncementNotFound, AnnouncementWithdrawn, or AnnouncementChanged with the present version.
    """
    found = await kept(by, announcement_id)
    async with database.transaction() as connection:
        new = await connection.fetchval(_CHANGE, announcement_id, version, title, body)
        if new is None:
            present = await _found(announcement_id, by)
            if present.withdrawn_at is not None:
                raise AnnouncementWithdrawn
            raise AnnouncementChanged({"version": present.version})
        rows = await connection.fetch(_UNREAD_AGAIN, announcement_id, found.author_id)
        await _issue(announcement_id, new, sorted(UUID(int=row["staff_id"].int) for row in rows))
        changed = [name for name, value in (("title", title), ("body", body)) if value is not None]
        await audit.note("announcement.changed", "announcement", announcement_id, {"version": new, "changed": changed})
        return await _found(announcement_id, by)


async def withdraw(by: Colleague, announcement_id: UUID) -> Announcement:
    """Nobody it is addressed to sees it any more; a second call changes nothing. Raises AnnouncementNotFound."""
    await kept(by, announcement_id)
    async with database.transaction() as connection:
        version = await connection.fetchval(
            "UPDATE announcement SET withdrawn_at = $2 WHERE id = $1 AND withdrawn_at IS NULL RETURNING version",
            announcement_id,
            clock.now(),
        )
        if version is not None:
            await _quieten(connection, announcement_id, version)
            await audit.note("announcement.withdrawn", "announcement", announcement_id)
        return await _found(announcement_id, by)


async def _quieten(connection: Connection, announcement_id: UUID, version: int) -> None:
    rows = await connection.fetch(
        "SELECT staff_id FROM announcement_reader WHERE announcement_id = $1", announcement_id
    )
    people = [row["staff_id"] for row in rows]
    await notices.read_many(connection, people, notice_keys(announcement_id, version))


async def _read(staff_id: UUID, found: Announcement) -> None:
    async with database.transaction() as connection:
        await connection.execute(_READ, found.id, staff_id, clock.now())
        await notices.read_many(connection, [staff_id], notice_keys(found.id, found.version))


async def _issue(announcement_id: UUID, version: int, people: Sequence[UUID]) -> None:
    chunks = [tuple(people[start : start + _CHUNK]) for start in range(0, len(people), _CHUNK)]
    if chunks:
        await publish_events(
            *(AnnouncementIssued(announcement_id=announcement_id, version=version, staff_ids=some) for some in chunks)
        )


async def _found(announcement_id: UUID, by: Colleague) -> Announcement:
    found = await queries.find(announcement_id, by.id)
    if found is None:
        raise AnnouncementNotFound
    return found
