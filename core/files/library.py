"""The image library: pictures with titles and tags that marketers and administrators share (K-05)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from core.files import queries, service
from core.files.errors import ImageChanged, ImageExists, ImageNotFound
from core.files.purposes import IMAGE
from core.files.schemas import ImageChange, ImageIn, ImageOut
from infra import audit, clock, database
from infra.ids import new_id

# One picture, one row, however many add it at once: whoever comes second is told of the first.
_ADD = """
INSERT INTO library_image (id, file_id, digest, title, tags, added_by_id, version, created_at)
SELECT $1, f.id, f.blob_id, $3, $4::jsonb, $5, 1, $6 FROM stored_file f WHERE f.id = $2
ON CONFLICT (digest) WHERE deleted_at IS NULL DO NOTHING RETURNING id
"""

_PRESENT = """
SELECT i.id FROM library_image i JOIN stored_file f ON f.blob_id = i.digest
WHERE f.id = $1 AND i.deleted_at IS NULL
"""

_CHANGE = """
UPDATE library_image SET title = COALESCE($3, title), tags = COALESCE($4::jsonb, tags), version = version + 1
WHERE id = $1 AND version = $2 AND deleted_at IS NULL
"""


async def add(body: ImageIn, by: UUID) -> ImageOut:
    """A picture that `by` uploaded joins the library. Raises FileNotFound, ImageExists."""
    image_id = new_id()
    async with database.transaction() as connection:
        await service.keep(connection, [body.file_id], by, purpose=IMAGE.name)
        added = await connection.fetchval(
            _ADD, image_id, body.file_id, body.title, orjson.dumps(body.tags).decode(), by, clock.now()
        )
        if added is None:
            raise ImageExists({"image_id": str(await connection.fetchval(_PRESENT, body.file_id))})
        await audit.note("image.added", "image", image_id, {"title": body.title})
        return await image(image_id, by)


async def change(image_id: UUID, body: ImageChange, by: UUID) -> ImageOut:
    """Change title or tags. Raises ImageNotFound, ImageChanged with the present version."""
    given = body.model_dump(include={"title", "tags"}, exclude_unset=True)
    async with database.transaction() as connection:
        tags = orjson.dumps(given["tags"]).decode() if "tags" in given else None
        if await connection.execute(_CHANGE, image_id, body.version, given.get("title"), tags) != "UPDATE 1":
            present = await image(image_id, by)
            raise ImageChanged({"version": present.version})
        await audit.note("image.changed", "image", image_id, given)
        return await image(image_id, by)


async def delete(image_id: UUID) -> None:
    """The picture leaves the library and its links end; the row and the bytes stay. Raises ImageNotFound."""
    async with database.transaction() as connection:
        file_id = await connection.fetchval(
            "UPDATE library_image SET deleted_at = $2 WHERE id = $1 AND deleted_at IS NULL RETURNING file_id",
            image_id,
            clock.now(),
        )
        if file_id is None:
            raise ImageNotFound
        await connection.execute("UPDATE stored_file SET deleted_at = $2 WHERE id = $1", file_id, clock.now())
        await audit.note("image.deleted", "image", image_id)


async def image(image_id: UUID, viewer_id: UUID) -> ImageOut:
    """A picture with links for a viewer. Raises ImageNotFound."""
    row = await queries.image(image_id)
    if row is None:
        raise ImageNotFound
    return (await _with_links([row], viewer_id))[0]


async def page(
    viewer_id: UUID, before: UUID | None, limit: int, *, tag: str | None, text: str | None
) -> Sequence[ImageOut]:
    """Pictures with links for a viewer, the latest first."""
    return await _with_links(await queries.images(before, limit, tag=tag, text=text), viewer_id)


async def _with_links(rows: Sequence[asyncpg.Record], viewer_id: UUID) -> list[ImageOut]:
    files = await service.links([row["file_id"] for row in rows], viewer_id)
    # One that was deleted between the two looks is left out.
    return [_shown(row, file=files[row["file_id"]]) for row in rows if row["file_id"] in files]


def _shown(row: asyncpg.Record, **more: Any) -> ImageOut:
    return ImageOut.model_validate(dict(row) | {"tags": orjson.loads(row["tags"])} | more)
