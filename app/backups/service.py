"""Making backups: by hand, and by itself once a parameter says how often (AT-82)."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import orjson

from app.backups import archive, programs
from app.backups.errors import BackupRuns, NoBackupFolder
from app.backups.manifest import Manifest, snapshot
from infra import alerts, audit, clock, database
from infra.errors import DomainError
from infra.files.stores import store
from infra.ids import new_id
from infra.logging import logger, redact
from infra.parameters import Parameter, one_in_force
from infra.settings import settings

EVERY_HOURS = Parameter(
    name="backup.every_hours",
    default=0,
    least=0,
    most=720,
    unit="小时",
    help="每隔多少小时自动备份（0 为不自动备份）",
    english="A backup is made every so many hours (0: none by itself)",
)
KEPT = Parameter(
    name="backup.kept",
    default=7,
    least=1,
    most=1000,
    unit="份",
    help="备份目录中保留最新的多少份备份",
    english="How many of the newest backups are kept in the backup folder",
)
FAILED_ALERT, OVERDUE_ALERT = "backup.failed", "backup.overdue"

_SUBJECT = "backup"
_RETRY = timedelta(hours=1)
# A clock of another host may be ahead of ours by less.
_SKEW = timedelta(minutes=1)

_BEGIN = "INSERT INTO backup_run (id, name, started_at) VALUES ($1, $2, $3)"
_END = "UPDATE backup_run SET finished_at = $2, size = $3, manifest = $4::jsonb, error = $5 WHERE id = $1"
_LAST = "SELECT started_at, error FROM backup_run ORDER BY id DESC LIMIT 1"
_LAST_GOOD = "SELECT max(finished_at) AS at FROM backup_run WHERE error IS NULL"
_UNFINISHED = "SELECT id, name FROM backup_run WHERE finished_at IS NULL"
_ENDED = "SELECT name FROM backup_run WHERE finished_at IS NOT NULL ORDER BY id DESC"


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was made."""

    path: Path
    size: int
    manifest: Manifest


async def make(folder: Path | None = None) -> Made:
    """A backup in a folder, by default that of the settings, which keeps the newest ones only.

    Raises NoBackupFolder, BackupRuns, ProgramMissing, ProgramFailed, OSError; `backup_run` says how it ended.
    """
    async with database.exclusive("backup") as alone:
        if not alone:
            raise BackupRuns
        await _bury_interrupted()
        return await _make(folder)


async def make_due() -> None:
    """The scheduled backup, when its time has come; a failed one is tried again within the hour."""
    async with database.exclusive("backup") as alone:
        if not alone:
            return
        for name in await _bury_interrupted():
            await _alert_failure(f"备份 {name} 中断")
        if not await _is_due():
            return
        try:
            await _make(None)
        except (DomainError, OSError, asyncpg.PostgresError) as error:
            if database.is_outage(error):
                raise
            await _alert_failure(_told(error))


async def watch() -> None:
    """Alert when the last good backup is older than twice the time set: whatever should make them doesn't."""
    schedule = await one_in_force(EVERY_HOURS.name)
    hours = await EVERY_HOURS.get()
    if not hours or schedule.changed_at is None:
        return
    row = await database.fetch_one(_LAST_GOOD)
    last = max(filter(None, (row["at"] if row else None, schedule.changed_at)))
    if clock.now() - last > timedelta(hours=2 * hours):
        await alerts.raise_alert(OVERDUE_ALERT, _SUBJECT, f"应每 {hours} 小时备份一次，上次成功备份已是两倍时间以前")


async def _is_due() -> bool:
    hours = await EVERY_HOURS.get()
    if not hours:
        return False
    last = await database.fetch_one(_LAST)
    if last is None:
        return True
    every = timedelta(hours=hours)
    wait = min(_RETRY, every) if last["error"] else every
    started: datetime = last["started_at"]
    return not clock.now() - wait < started <= clock.now() + _SKEW


async def _make(folder: Path | None) -> Made:
    target = folder or settings().backup_folder
    now, run_id = clock.now(), new_id()
    name = f"guanxi-{now:%Y%m%dT%H%M%S}.{now.microsecond // 1000:03d}Z"
    await database.execute(_BEGIN, run_id, name, now)
    try:
        if target is None:
            raise NoBackupFolder  # noqa: TRY301 - it ends a scheduled run like any other fault
        made = await _write(target, name)
    except BaseException as error:
        await database.execute(_END, run_id, clock.now(), None, None, _told(error))
        if target is not None:
            await asyncio.to_thread(archive.remove, target, name)
        raise
    await _note(run_id, made)
    if folder is None:
        names = [row["name"] for row in await database.fetch(_ENDED)]
        await asyncio.to_thread(archive.keep_newest, target, names, await KEPT.get())
    return made


async def _write(folder: Path, name: str) -> Made:
    partial = await asyncio.to_thread(archive.begin, folder, name)
    async with snapshot() as moment:
        program = await programs.find("pg_dump", moment.postgres)
        words = ("--format=custom", "--no-owner", "--no-privileges", f"--snapshot={moment.id}")
        # While it dumps, the same moment is counted.
        dumping = asyncio.create_task(programs.run(program, *words, f"--file={partial / archive.DUMP}"))
        try:
            contents, blobs = await moment.contents(), await moment.blobs()
            await dumping
        finally:
            dumping.cancel()
            await asyncio.wait([dumping])
    # Stored bytes never change, so they may be taken afterwards.
    manifest = Manifest(
        name=name,
        made_at=clock.now(),
        postgres=moment.postgres,
        contents=contents,
        files=await asyncio.to_thread(archive.take_files, partial, blobs, store()),
        dump=await asyncio.to_thread(archive.part, partial / archive.DUMP),
    )
    size = await asyncio.to_thread(archive.finish, partial, manifest)
    return Made(folder / name, size, manifest)


async def _note(run_id: UUID, made: Made) -> None:
    stored = orjson.dumps(made.manifest.model_dump(mode="json")).decode()
    async with database.transaction():
        await database.execute(_END, run_id, clock.now(), made.size, stored, None)
        await audit.note("backup.made", "backup", made.manifest.name, {"size": made.size})
        await alerts.settle([FAILED_ALERT, OVERDUE_ALERT], _SUBJECT)
    logger().info("backup_made", name=made.manifest.name, size=made.size, missing=made.manifest.files.missing)


async def _bury_interrupted() -> list[str]:
    """Runs whose process died, since nobody else makes a backup now; returns their names.

    A whole archive stays: it may be the one that this database was restored from, where its own run has no end.
    """
    names = []
    for row in await database.fetch(_UNFINISHED):
        await database.execute(_END, row["id"], clock.now(), None, None, "interrupted")
        folder = settings().backup_folder
        if folder is not None:
            await asyncio.to_thread(archive.remove_partial, folder, row["name"])
        names.append(row["name"])
    return names


async def _alert_failure(why: str) -> None:
    await alerts.raise_alert(FAILED_ALERT, _SUBJECT, f"自动备份失败：{why}")


def _told(error: BaseException) -> str:
    if isinstance(error, DomainError):
        facts = "，".join(str(value) for value in error.details.values())
        return f"{error.code}: {error.message}" + (f"（{facts}）" if facts else "")
    if isinstance(error, OSError):
        return f"{type(error).__name__}: {error.strerror}"
    return redact(f"{type(error).__name__}: {error}")[:500]
