"""Reading files and the library."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from infra import clock, database

_FILE = """
SELECT f.id, f.name, f.purpose, f.owner_id, f.kept_at, f.created_at, b.media_type, b.size, b.width, b.height,
       b.thumbnail_digest IS NOT NULL AS has_thumbnail
FROM stored_file f JOIN file_blob b ON b.digest = f.blob_id
WHERE f.id = ANY($1::uuid[]) AND f.deleted_at IS NULL
"""

# A viewer who left, was disabled or logged out everywhere has no session any more.
_BYTES = """
SELECT f.name, b.digest, b.size, b.media_type, t.digest AS small_digest, t.size AS small_size,
       t.media_type AS small_type
FROM stored_file f JOIN file_blob b ON b.digest = f.blob_id LEFT JOIN file_blob t ON t.digest = b.thumbnail_digest
WHERE f.id = $1 AND f.deleted_at IS NULL
"""
_IS_LOGGED_IN = """
SELECT EXISTS (
    SELECT 1 FROM session s JOIN staff p ON p.id = s.principal_id
    WHERE s.kind = 'staff' AND s.principal_id = $1 AND s.expires_at > $2 AND p.left_at IS NULL AND p.disabled_at IS NULL
) AS found
"""

_IMAGE = "SELECT i.id, i.file_id, i.title, i.tags, i.version, i.added_by_id, i.created_at FROM library_image i"

_IMAGES = f"""
{_IMAGE} WHERE i.deleted_at IS NULL AND ($1::uuid IS NULL OR i.id < $1)
    AND ($2::text IS NULL OR i.tags ? $2) AND ($3::text IS NULL OR strpos(lower(i.title), lower($3)) > 0)
ORDER BY i.id DESC LIMIT $4
"""

_TAGS = """
SELECT tag, count(*) AS images FROM library_image i CROSS JOIN jsonb_array_elements_text(i.tags) AS tag
WHERE i.deleted_at IS NULL GROUP BY tag ORDER BY images DESC, tag LIMIT 1000
"""


@dataclass(frozen=True, slots=True)
class Bytes:
    """What a link opens."""

    name: str
    digest: str
    size: int
    media_type: str


async def files(file_ids: Collection[UUID]) -> list[asyncpg.Record]:
    """Those of the given files that there are, with what their bytes are."""
    return await database.fetch(_FILE, list(file_ids))


async def bytes_of(file_id: UUID, *, thumbnail: bool) -> Bytes | None:
    """The bytes of a file, or of its thumbnail, if there are any."""
    row = await database.fetch_one(_BYTES, file_id)
    if row is None or (thumbnail and row["small_digest"] is None):
        return None
    if thumbnail:
        return Bytes(row["name"], row["small_digest"], row["small_size"], row["small_type"])
    return Bytes(row["name"], row["digest"], row["size"], row["media_type"])


async def is_logged_in(staff_id: UUID) -> bool:
    """Whether a colleague is at work and has a session somewhere."""
    row = await database.fetch_one(_IS_LOGGED_IN, staff_id, clock.now())
    return bool(row and row["found"])


async def is_in_library(file_id: UUID) -> bool:
    row = await database.fetch_one("SELECT 1 FROM library_image WHERE file_id = $1 AND deleted_at IS NULL", file_id)
    return row is not None


async def images(
    before: UUID | None, limit: int, *, tag: str | None = None, text: str | None = None
) -> list[asyncpg.Record]:
    """The library's pictures, the latest first; with a tag, or a text in their titles."""
    return await database.fetch(_IMAGES, before, tag, text, limit)


async def image(image_id: UUID) -> asyncpg.Record | None:
    """A picture of the library."""
    return await database.fetch_one(f"{_IMAGE} WHERE i.id = $1 AND i.deleted_at IS NULL", image_id)


async def tags() -> list[asyncpg.Record]:
    """The tags in use, the commonest first."""
    return await database.fetch(_TAGS)
