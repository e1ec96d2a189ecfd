"""Pictures in automatic replies: the colleague's own uploads, and those of the library that all share."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from core.files import service as files
from core.organisation.queries import Colleague
from infra.database import Connection
from wechat.autoreplies.errors import PictureNotFound

_NAMES = ("file_id", "picture_id")

# A picture of the library is kept as long as it is there.
_PICTURES = """
SELECT f.id, EXISTS (SELECT FROM library_image i WHERE i.file_id = f.id AND i.deleted_at IS NULL) AS shared
FROM stored_file f JOIN file_blob b ON b.digest = f.blob_id
WHERE f.id = ANY($1::uuid[]) AND f.deleted_at IS NULL AND b.media_type LIKE 'image/%'
"""


def ids(contents: Collection[Mapping[str, Any]]) -> set[UUID]:
    """The files that contents, as they are kept, show."""
    return {UUID(str(found)) for content in contents for name in _NAMES if (found := content.get(name))}


async def keep(connection: Connection, file_ids: Collection[UUID], by: Colleague) -> None:
    """In the caller's transaction: a rule shows these from now on. Raises PictureNotFound, FileNotFound."""
    rows = await connection.fetch(_PICTURES, list(file_ids))
    shared = {UUID(int=row["id"].int): row["shared"] for row in rows}
    if missing := set(file_ids) - shared.keys():
        raise PictureNotFound({"file_ids": sorted(str(file_id) for file_id in missing)})
    await files.keep(connection, [one for one in file_ids if not (shared[one] and by.may("images:read"))], by.id)
