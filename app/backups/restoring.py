"""Restoring a backup into an empty database, and checking what came of it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from app.backups import archive, programs
from app.backups.errors import DatabaseNotEmpty
from app.backups.manifest import Manifest, differences, snapshot
from core.audit import checking
from core.audit.checking import Anchor, Verdict
from infra import audit, clock, database
from infra.files.stores import store

_ANYTHING = """
SELECT EXISTS (
    SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_toast%'
) AS found
"""

# In the backup it was still under way.
_END = "UPDATE backup_run SET finished_at = $2, manifest = $3::jsonb, error = NULL WHERE name = $1"


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored and found: tables that differ from the manifest, the audit chain's check, stored files."""

    manifest: Manifest
    tables: Sequence[str]
    chain: Verdict
    files_put: int
    files_missing: int

    @property
    def is_whole(self) -> bool:
        return not self.tables and self.chain.intact and self.files_missing == self.manifest.files.missing


async def restore(path: Path) -> Restored:
    """Restore an archive into the database of the settings: all of it, or nothing is changed.

    Raises ArchiveBroken, DatabaseNotEmpty, ProgramMissing, ProgramFailed.
    """
    manifest = await asyncio.to_thread(archive.read, path)
    row = await database.fetch_one(_ANYTHING)
    if row is None or row["found"]:
        raise DatabaseNotEmpty
    async with snapshot() as moment:
        server = moment.postgres
    program = await programs.find("pg_restore", server)
    words = ("--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges")
    await programs.run(program, *words, f"--dbname={programs.database_name()}", str(path / archive.DUMP))
    async with snapshot() as moment:
        found = await moment.contents()
    head = manifest.contents.audit
    anchors = [Anchor(head.seq, bytes.fromhex(head.hash))] if head.seq else []
    chain = await checking.check(anchors=anchors)
    put, missing = await _put_files(path, manifest)
    restored = Restored(manifest, differences(manifest.contents, found), chain, put, missing)
    await _note(restored)
    return restored


async def _put_files(path: Path, manifest: Manifest) -> tuple[int, int]:
    """Stored files that aren't in the store go there; returns how many did, and how many are nowhere."""
    put = missing = 0
    for blob in await asyncio.to_thread(lambda: list(archive.listed(path))):
        if await store().exists(blob.digest):
            continue
        place = archive.file_of(path, blob) if manifest.files.inside else None
        if place is None:
            missing += 1
            continue
        with place.open("rb") as content:
            await store().put(blob.digest, content)
        put += 1
    return put, missing


async def _note(restored: Restored) -> None:
    manifest = restored.manifest
    stored = orjson.dumps(manifest.model_dump(mode="json")).decode()
    async with database.transaction():
        await database.execute(_END, manifest.name, clock.now(), stored)
        details = {"made_at": manifest.made_at, "whole": restored.is_whole, "tables": list(restored.tables)}
        await audit.note("backup.restored", "backup", manifest.name, details)
