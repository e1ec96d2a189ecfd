"""Reading which backups were made."""

from uuid import UUID

from app.backups.schemas import BackupOut
from infra import database

_PAGE = """
SELECT id, name, started_at, finished_at, size, error, (manifest #>> '{files,count}')::int AS files,
       (SELECT NULLIF(count(*), 0) FROM jsonb_each(manifest #> '{contents,tables}')) AS tables,
       (SELECT sum((value ->> 'rows')::bigint)::bigint FROM jsonb_each(manifest #> '{contents,tables}')) AS rows,
       (manifest #>> '{contents,audit,seq}') || ':' || (manifest #>> '{contents,audit,hash}') AS audit_head
FROM backup_run WHERE $1::uuid IS NULL OR id < $1 ORDER BY id DESC LIMIT $2
"""


async def page(before: UUID | None, limit: int) -> list[BackupOut]:
    """Backups, the newest first."""
    return [BackupOut(**row) for row in await database.fetch(_PAGE, before, limit)]
