"""The life of bytes: claimed, put, settled; idle when nothing refers to them; removed after a while.

The row is there before its bytes and goes after them, so no bytes lie anywhere without a row. Whoever brings bytes
claims the row, puts them, and settles: the row then counts only if it is still the same and nobody has begun to remove
it. So a file never has a row without bytes, also where the same content comes again while it is being removed.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from infra import clock, database
from infra.database import Connection
from infra.files.stores import store

# Few: who brings the same content meanwhile waits for them.
_ONE_REMOVAL = 50

_CLAIM = """
INSERT INTO file_blob AS b (digest, size, media_type, width, height, created_at, idle_since)
SELECT digest, size, media_type, width, height, $6, $6
FROM unnest($1::text[], $2::bigint[], $3::text[], $4::int[], $5::int[]) AS n (digest, size, media_type, width, height)
ORDER BY digest
ON CONFLICT (digest) DO UPDATE SET idle_since = CASE WHEN b.idle_since IS NOT NULL THEN excluded.idle_since END
WHERE b.removing_at IS NULL
RETURNING digest, created_at, idle_since IS NOT NULL AS needs_bytes
"""

_SETTLE = """
UPDATE file_blob SET idle_since = CASE WHEN NOT $3 THEN $4::timestamptz END
WHERE digest = $1 AND created_at = $2 AND removing_at IS NULL
"""

# What is referred to after all isn't idle. The rows are locked one by one: a row that somebody settled meanwhile is
# looked at again, and isn't idle any more.
_BEGIN_REMOVAL = """
WITH idle AS (
    SELECT digest FROM file_blob WHERE idle_since <= $1 AND removing_at IS NULL
    ORDER BY idle_since LIMIT $3 FOR UPDATE SKIP LOCKED
), judged AS (
    SELECT digest, EXISTS (SELECT 1 FROM stored_file f WHERE f.blob_id = idle.digest)
        OR EXISTS (SELECT 1 FROM file_blob o WHERE o.thumbnail_digest = idle.digest) AS needed FROM idle
)
UPDATE file_blob b SET idle_since = CASE WHEN NOT needed THEN b.idle_since END,
    removing_at = CASE WHEN NOT needed THEN $2::timestamptz END
FROM judged j WHERE j.digest = b.digest
"""

# Locked in the order in which uploads lock them, thumbnails included.
_END_REMOVAL = """
WITH locked AS (
    SELECT digest FROM file_blob WHERE digest = ANY($1::text[])
    OR digest IN (SELECT thumbnail_digest FROM file_blob WHERE digest = ANY($1::text[])) ORDER BY digest FOR UPDATE
), gone AS (
    DELETE FROM file_blob b USING locked l
    WHERE b.digest = l.digest AND b.digest = ANY($1::text[]) AND b.removing_at IS NOT NULL RETURNING b.thumbnail_digest
)
UPDATE file_blob b SET idle_since = $2 FROM gone g WHERE b.digest = g.thumbnail_digest AND b.removing_at IS NULL
"""


class Overtaken(Exception):
    """The bytes are being removed at this moment; they have to be claimed and put once more."""


@dataclass(frozen=True, slots=True)
class NewBytes:
    """Bytes on the local disk, and what they were judged to be."""

    digest: str
    source: BinaryIO
    size: int
    media_type: str
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A row of bytes as it was when claimed."""

    digest: str
    created_at: datetime


async def put(brought: Sequence[NewBytes]) -> list[Claim]:
    """Claim rows and put bytes. Raises Overtaken, Unavailable. Not inside a transaction."""
    rows = await database.fetch(
        _CLAIM,
        [one.digest for one in brought],
        [one.size for one in brought],
        [one.media_type for one in brought],
        [one.width for one in brought],
        [one.height for one in brought],
        clock.now(),
    )
    if len(rows) < len(brought):
        raise Overtaken
    needed = {row["digest"] for row in rows if row["needs_bytes"]}
    for one in brought:
        if one.digest in needed:
            await store().put(one.digest, one.source)
    created = {row["digest"]: row["created_at"] for row in rows}
    return [Claim(one.digest, created[one.digest]) for one in brought]


async def settle(connection: Connection, claims: Sequence[Claim], *, referred: str) -> None:
    """In the transaction that refers to bytes: they are there and will stay. Raises Overtaken.

    Only the row of `referred` is known to be needed; of the others the cleaning finds out.
    """
    for claim in sorted(claims, key=lambda claim: claim.digest):
        known = claim.digest == referred
        status = await connection.execute(_SETTLE, claim.digest, claim.created_at, known, clock.now())
        if status != "UPDATE 1":
            raise Overtaken


async def perhaps_idle(connection: Connection, digests: Collection[str]) -> None:
    """Something that referred to these bytes is gone, in the caller's transaction."""
    await connection.execute(
        """WITH mine AS (SELECT digest FROM file_blob WHERE digest = ANY($1::text[]) ORDER BY digest FOR UPDATE)
        UPDATE file_blob b SET idle_since = $2 FROM mine WHERE mine.digest = b.digest""",
        list(digests),
        clock.now(),
    )


async def remove_idle(before: datetime) -> int:
    """Remove bytes that have been idle since before a moment, and end removals that broke off; returns how many."""
    removed = 0
    while True:
        await database.execute(_BEGIN_REMOVAL, before, clock.now(), _ONE_REMOVAL)
        rows = await database.fetch("SELECT digest FROM file_blob WHERE removing_at IS NOT NULL LIMIT $1", _ONE_REMOVAL)
        digests = [row["digest"] for row in rows]
        if not digests:
            return removed
        for digest in digests:
            await store().delete(digest)
        await database.execute(_END_REMOVAL, digests, clock.now())
        removed += len(digests)
