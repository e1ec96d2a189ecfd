"""Use cases around stored files: for the contexts whose things refer to them, and for their owners."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from core.files import blobs, queries
from core.files.errors import FileInUse, FileNotFound, LinkExpired, LinkForged
from core.files.purposes import declared
from core.files.queries import Bytes
from core.files.rules import Link, Variant, expiry, read_link, write_link
from core.files.schemas import FileOut
from core.organisation.queries import Colleague
from infra import clock, crypto, database
from infra.database import Connection
from infra.files.stores import store
from infra.parameters import Parameter

LINK_MINUTES = Parameter(
    name="files.link_minutes",
    default=60,
    least=2,
    most=1440,
    help="文件链接的有效期（分钟）",
    english="How many minutes a link to a file is good for",
)
UNKEPT_HOURS = Parameter(
    name="files.unkept_hours",
    default=24,
    least=1,
    most=720,
    help="上传后未被使用的文件保留的小时数",
    english="How many hours an uploaded file that nobody uses is kept",
)

_LINK = "file link"
_ONE_DROP = 500


def _sign(content: bytes) -> bytes:
    return crypto.signature(_LINK, content)


async def links(file_ids: Collection[UUID], viewer_id: UUID) -> dict[UUID, FileOut]:
    """What the files are, with links for a viewer of whom the caller knows that he may see them; gone ones left out."""
    rows = await queries.files(file_ids) if file_ids else []
    ends = expiry(clock.now(), await LINK_MINUTES.get())

    def url(file_id: UUID, variant: Variant) -> str:
        return f"/files/v1/{write_link(Link(file_id, variant, viewer_id, int(ends.timestamp())), _sign)}"

    return {
        UUID(int=row["id"].int): FileOut(
            **{name: row[name] for name in ("id", "name", "purpose", "media_type", "size", "width", "height")},
            created_at=row["created_at"],
            url=url(row["id"], Variant.ORIGINAL),
            thumbnail_url=url(row["id"], Variant.THUMBNAIL) if row["has_thumbnail"] else None,
            links_expire_at=ends,
        )
        for row in rows
    }


async def link(file_id: UUID, viewer_id: UUID) -> FileOut:
    """The same of one file. Raises FileNotFound."""
    found = await links([file_id], viewer_id)
    if file_id not in found:
        raise FileNotFound
    return found[file_id]


async def seen_by(file_id: UUID, by: Colleague) -> FileOut:
    """A file for its owner, and for whom its purpose lets see it. Raises FileNotFound."""
    rows = await queries.files([file_id])
    if not rows:
        raise FileNotFound
    meant = declared.get(rows[0]["purpose"])
    if rows[0]["owner_id"] != by.id and not (meant and await meant.may_see(by, file_id)):
        raise FileNotFound
    return await link(file_id, by.id)


async def opened(text: str) -> tuple[Bytes, int]:
    """The bytes that a link leads to, and for how many seconds more. Raises LinkForged, LinkExpired, FileNotFound."""
    found = read_link(text, lambda content, given: crypto.is_signature(given, _LINK, content))
    if found is None:
        raise LinkForged
    left = found.expires - int(clock.timestamp())
    if left <= 0 or not await queries.is_logged_in(found.viewer_id):
        raise LinkExpired
    content = await queries.bytes_of(found.file_id, thumbnail=found.variant is Variant.THUMBNAIL)
    if content is None:
        raise FileNotFound
    return content, left


async def keep(
    connection: Connection, file_ids: Collection[UUID], owner_id: UUID | None, *, purpose: str | None = None
) -> None:
    """In the caller's transaction: something refers to these files of one owner (and of one purpose) from now on.

    Without an owner they are those that no colleague brought.

    Raises FileNotFound with the ids that aren't there or are somebody else's.
    """
    wanted = set(file_ids)
    rows = await connection.fetch(
        """WITH mine AS (
            SELECT id FROM stored_file
            WHERE id = ANY($1::uuid[]) AND owner_id IS NOT DISTINCT FROM $2 AND deleted_at IS NULL
            AND ($3::text IS NULL OR purpose = $3) ORDER BY id FOR UPDATE
        ) UPDATE stored_file f SET kept_at = COALESCE(f.kept_at, $4) FROM mine WHERE mine.id = f.id RETURNING f.id""",
        list(wanted),
        owner_id,
        purpose,
        clock.now(),
    )
    if missing := wanted - {UUID(int=row["id"].int) for row in rows}:
        raise FileNotFound({"file_ids": sorted(str(file_id) for file_id in missing)})


async def release(connection: Connection, file_ids: Collection[UUID]) -> int:
    """In the caller's transaction: nothing refers to these files any more, so they go; returns how many."""
    rows = await connection.fetch(
        """WITH old AS (SELECT id FROM stored_file WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE)
        DELETE FROM stored_file f USING old WHERE old.id = f.id RETURNING f.blob_id""",
        list(file_ids),
    )
    await blobs.perhaps_idle(connection, {row["blob_id"] for row in rows})
    return len(rows)


async def delete_own(file_id: UUID, owner_id: UUID) -> None:
    """The owner takes a file back that nothing refers to. Raises FileNotFound, FileInUse."""
    async with database.transaction() as connection:
        row = await connection.fetchrow(
            """SELECT kept_at, blob_id FROM stored_file
            WHERE id = $1 AND owner_id = $2 AND deleted_at IS NULL FOR UPDATE""",
            file_id,
            owner_id,
        )
        if row is None:
            raise FileNotFound
        if row["kept_at"] is not None:
            raise FileInUse
        await connection.execute("DELETE FROM stored_file WHERE id = $1", file_id)
        await blobs.perhaps_idle(connection, [row["blob_id"]])


async def clean() -> int:
    """Remove files that nobody kept in time, bytes that nothing refers to, and what broken uploads left.

    Returns how many bytes' rows went.
    """
    before = clock.now() - timedelta(hours=await UNKEPT_HOURS.get())
    while await _drop_unkept(before):
        pass
    await store().sweep(before)
    return await blobs.remove_idle(before)


async def _drop_unkept(before: datetime) -> bool:
    """Some of the files that nobody kept; whether there may be more."""
    async with database.transaction() as connection:
        rows = await connection.fetch(
            """WITH old AS (
                SELECT id FROM stored_file WHERE kept_at IS NULL AND deleted_at IS NULL AND created_at < $1
                ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED
            ) DELETE FROM stored_file f USING old WHERE old.id = f.id RETURNING f.blob_id""",
            before,
            _ONE_DROP,
        )
        await blobs.perhaps_idle(connection, {row["blob_id"] for row in rows})
    return len(rows) == _ONE_DROP
