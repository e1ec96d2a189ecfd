"""Backups: one moment of the database with its files, restored into an empty one and checked, by hand and by itself."""

import asyncio
import hashlib
import io
import os
import shutil
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import asyncpg
import orjson
import pytest

from app.backups import archive, jobs, manifest, programs, restoring, service
from app.backups.errors import (
    ArchiveBroken,
    BackupRuns,
    DatabaseNotEmpty,
    NoBackupFolder,
    ProgramFailed,
    ProgramMissing,
)
from core.audit import service as audit_service
from core.files.models import Blob
from infra import alerts, audit, clock, database, parameters
from infra.files import stores
from infra.settings import settings
from tests import factories as make
from tests.app.guanxi import guanxi
from tests.core.audit_world import noted

CONTENT = b"\x89PNG of a shop"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
async def backups(db, tmp_path, fresh_settings):
    """A folder for backups and one for files, both empty."""
    fresh_settings.setenv("GUANXI_BACKUP_FOLDER", str(tmp_path / "backups"))
    fresh_settings.setenv("GUANXI_FILES_FOLDER", str(tmp_path / "files"))
    settings.cache_clear()
    await stores.close()
    yield tmp_path / "backups"
    await stores.close()


@asynccontextmanager
async def empty_database(db):
    """The address of a database with nothing in it."""
    base, _, name = db.database.rpartition("/")
    admin = await asyncpg.connect(f"{base}/postgres")
    await admin.execute(f"DROP DATABASE IF EXISTS {name}_restored WITH (FORCE)")
    await admin.execute(f"CREATE DATABASE {name}_restored TEMPLATE template0")
    try:
        yield f"{base}/{name}_restored"
    finally:
        await admin.execute(f"DROP DATABASE {name}_restored WITH (FORCE)")
        await admin.close()


async def rows_in(url, sql):
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(sql)]
    finally:
        await connection.close()


async def stored_file(content=CONTENT):
    digest = hashlib.sha256(content).hexdigest()
    await stores.store().put(digest, io.BytesIO(content))
    await Blob.create(digest=digest, size=len(content), media_type="image/png", created_at=clock.now())
    return digest


async def some_content():
    await make.guide(store=await make.store(channel=await make.channel()))
    await parameters.change("decimals.order", 1, expected_version=0, by="test")
    await noted(20)
    await audit_service.seal()
    await noted(2)
    await stored_file()


async def at_least(table, count):
    while await make.count(table) < count:  # noqa: ASYNC110 - other connections write
        await asyncio.sleep(0.01)


async def runs():
    return await make.rows("SELECT name, finished_at, size, error FROM backup_run ORDER BY id")


async def test_a_backup_goes_back_into_an_empty_database_and_everything_agrees(backups, db, tmp_path):
    await some_content()
    made = await service.make()
    await stores.store().delete(DIGEST)
    async with empty_database(db) as url:
        code, said = await guanxi("restore", str(made.path), GUANXI_RESTORE_URL=url)
        assert code == 0, said
        assert "表的行数与校验和一致" in said
        assert "审计链完整" in said
        assert "放回 1 个，缺失 0 个" in said
        for table in ("staff", "store", "parameter_version", "file_blob", "role"):
            sql = f"SELECT count(*), sum(hashtextextended(t::text, 0)::numeric) FROM {table} t"
            assert await rows_in(url, sql) == await rows_in(db.database, sql), table
        assert await rows_in(url, "SELECT error, finished_at IS NULL FROM backup_run") == [(None, False)]
        assert await rows_in(url, "SELECT actor FROM audit WHERE action = 'backup.restored'") == [("cli",)]
    assert (tmp_path / "files" / DIGEST[:2] / DIGEST[2:4] / DIGEST).read_bytes() == CONTENT


async def test_a_backup_is_one_moment_while_others_write(backups, db):
    await some_content()
    stop = asyncio.Event()

    async def write(number):
        connection = await asyncpg.connect(db.database)
        count = 0
        while not stop.is_set():
            async with connection.transaction():
                await connection.execute(
                    "INSERT INTO parameter_version (name, version, value, changed_by, changed_at)"
                    " VALUES ($1, $2, '1', 'x', $3)",
                    f"written.{number}",
                    count + 1,
                    clock.now(),
                )
                await connection.execute(
                    "INSERT INTO alert (id, kind, subject, message, count, first_at, last_at)"
                    " VALUES (gen_random_uuid(), $1, $2, '', 1, $3, $3)",
                    f"written.{number}",
                    str(count + 1),
                    clock.now(),
                )
            count += 1
            await audit.note("thing.done", "thing", count)
            await audit_service.seal()
        await connection.close()
        return count

    writers = [asyncio.create_task(write(number)) for number in range(3)]
    await at_least("alert", 20)
    made = await service.make()
    written_then = await make.count("alert")
    await at_least("alert", written_then + 20)
    stop.set()
    total = sum(await asyncio.gather(*writers))
    async with empty_database(db) as url:
        code, said = await guanxi("restore", str(made.path), "--into", url)
        assert code == 0, said
        pair = """SELECT (SELECT count(*) FROM alert WHERE kind LIKE 'written.%'),
            (SELECT count(*) FROM parameter_version WHERE name LIKE 'written.%')"""
        ((alerts_there, versions_there),) = await rows_in(url, pair)
        # What one transaction wrote is there together or not at all, and what came later is not there.
        assert alerts_there == versions_there == made.manifest.contents.tables["alert"].rows
        assert 20 <= alerts_there <= written_then < total
        head = await rows_in(url, "SELECT max(seq) FROM audit_chain")
        assert head == [(made.manifest.contents.audit.seq,)]


async def test_only_an_empty_database_is_restored_into(copied, db):
    before = await make.count("role")
    code, said = await guanxi("restore", str(copied))
    assert (code, "database_not_empty" in said, "Traceback" in said) == (1, True, False)
    assert await make.count("role") == before
    with pytest.raises(DatabaseNotEmpty):
        await restoring.restore(copied)


def _cut(path):
    dump = path / archive.DUMP
    dump.write_bytes(dump.read_bytes()[:-100])


def _flip(path):
    dump = path / archive.DUMP
    content = bytearray(dump.read_bytes())
    content[len(content) // 2] ^= 1
    dump.write_bytes(content)


def _lie(path):
    told = orjson.loads((path / "manifest.json").read_bytes())
    told["contents"]["tables"]["staff"]["rows"] += 1
    (path / "manifest.json").write_bytes(orjson.dumps(told))


def _swap(path):
    """A dump and the hash of it, by somebody without the key."""
    _flip(path)
    told = orjson.loads((path / "manifest.json").read_bytes())
    told["dump"]["sha256"] = hashlib.sha256((path / archive.DUMP).read_bytes()).hexdigest()
    (path / "manifest.json").write_bytes(orjson.dumps(told))


DAMAGES = {
    "cut": _cut,
    "flipped": _flip,
    "lying": _lie,
    "swapped": _swap,
    "without a manifest": lambda path: (path / "manifest.json").unlink(),
    "with half a manifest": lambda path: (path / "manifest.json").write_text('{"format": 1'),
    "without a dump": lambda path: (path / archive.DUMP).unlink(),
    "with another list": lambda path: (path / "files.txt").write_text(""),
    "without a file": lambda path: shutil.rmtree(path / "files"),
    "with another file": lambda path: _replace(path / "files" / DIGEST[:2] / DIGEST),
}


def _replace(file):
    # Not in place: the archive's file may be the store's own.
    file.unlink()
    file.write_bytes(CONTENT[::-1])


_whole = list[Path]()


@pytest.fixture
async def copied(backups, db, tmp_path, tmp_path_factory):
    """A copy of an archive that is made once."""
    if not _whole:
        await stored_file()
        _whole.append((await service.make(tmp_path_factory.mktemp("archives"))).path)
    return Path(shutil.copytree(_whole[0], tmp_path / "copy"))


@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_damaged_archive_is_refused(copied, damage):
    archive.read(copied)
    DAMAGES[damage](copied)
    with pytest.raises(ArchiveBroken):
        archive.read(copied)


async def test_of_a_damaged_archive_nothing_gets_into_the_database(copied, db):
    _cut(copied)
    async with empty_database(db) as url:
        code, said = await guanxi("restore", str(copied), "--into", url)
        assert (code, "backup_broken" in said, "Traceback" in said) == (1, True, False), said
        assert await rows_in(url, "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace") == [(0,)]


async def test_a_backup_made_under_another_key_is_refused(copied, db):
    code, said = await guanxi("restore", str(copied), GUANXI_SECRET_KEY="another key of another house")
    assert (code, "backup_broken" in said) == (1, True)


async def test_a_restore_that_fails_in_the_middle_leaves_nothing(copied, db):
    async with empty_database(db) as url:
        # Out of sight of the first look, but in the way: what the dump creates is there already.
        admin = await asyncpg.connect(url)
        await admin.execute("CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'")
        await admin.close()
        code, said = await guanxi("restore", str(copied), "--into", url)
        assert (code, "postgres_program_failed" in said, "Traceback" in said) == (1, True, False), said
        assert await rows_in(url, "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace") == [(0,)]


async def test_a_restored_table_that_differs_is_named(backups, db):
    await some_content()
    async with manifest.snapshot() as moment:
        before = await moment.contents()
    await database.execute("UPDATE staff SET name = name || '!'")
    await database.execute("DELETE FROM parameter_version")
    async with manifest.snapshot() as moment:
        after = await moment.contents()
    assert manifest.differences(before, after) == ["parameter_version", "staff"]
    assert manifest.differences(before, before) == []


async def test_files_come_along_as_links_and_lost_ones_are_counted(backups, db):
    await stored_file()
    lost = await stored_file(b"lost")
    await stores.store().delete(lost)
    made = await service.make()
    inside = made.path / "files" / DIGEST[:2] / DIGEST
    assert inside.stat().st_ino == stores.store().path(DIGEST).stat().st_ino
    files = made.manifest.files
    assert (files.count, files.missing, files.size, files.inside) == (2, 1, len(CONTENT) + 4, True)
    async with empty_database(db) as url:
        code, said = await guanxi("restore", str(made.path), "--into", url)
        assert (code, "缺失 1 个" in said) == (0, True), said


async def test_only_we_may_read_a_backup_and_no_password_is_on_a_command_line(backups, db, tmp_path, fresh_settings):
    spy = tmp_path / "bin"
    spy.mkdir()
    async with manifest.snapshot() as moment:
        real = await programs.find("pg_dump", moment.postgres)
    (spy / "pg_dump").write_text(f'#!/bin/sh\necho "$@" >> "{spy}/words"\nexec "{real}" "$@"\n')
    (spy / "pg_dump").chmod(0o755)
    fresh_settings.setenv("GUANXI_POSTGRES_BIN", str(spy))
    settings.cache_clear()
    made = await service.make()
    words = (spy / "words").read_text()
    assert "--snapshot=" in words
    assert db.database.split(":")[2].split("@")[0] not in words
    assert made.path.stat().st_mode & 0o077 == 0


async def test_a_program_of_another_version_is_not_taken(backups, db, tmp_path, fresh_settings):
    (tmp_path / "pg_dump").write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6'\n")
    (tmp_path / "pg_dump").chmod(0o755)
    fresh_settings.setenv("GUANXI_POSTGRES_BIN", str(tmp_path))
    settings.cache_clear()
    with pytest.raises(ProgramMissing):
        await service.make()
    (run,) = await runs()
    assert "postgres_program_missing" in run["error"]
    assert list(backups.iterdir()) == []


async def test_a_dump_that_fails_leaves_nothing_behind(backups, db, tmp_path, fresh_settings):
    async with manifest.snapshot() as moment:
        version = moment.postgres
    (tmp_path / "pg_dump").write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && echo "pg_dump (PostgreSQL) {version}.1" && exit\n'
        "echo 'pg_dump: error: no space for o123456789012345678901234567' >&2; exit 1\n"
    )
    (tmp_path / "pg_dump").chmod(0o755)
    fresh_settings.setenv("GUANXI_POSTGRES_BIN", str(tmp_path))
    settings.cache_clear()
    with pytest.raises(ProgramFailed) as failed:
        await service.make()
    assert failed.value.details["said"] == "pg_dump: error: no space for ***"
    assert list(backups.iterdir()) == []


async def test_one_backup_at_a_time(backups, db):
    async with database.exclusive("backup"):
        with pytest.raises(BackupRuns):
            await service.make()
        await parameters.change("backup.every_hours", 1, expected_version=0, by="test")
        await service.make_due()
    assert await runs() == []


async def test_without_a_folder_there_is_no_backup(db, fresh_settings):
    with pytest.raises(NoBackupFolder):
        await service.make()
    code, said = await guanxi("backup")
    assert (code, "backup_folder_missing" in said) == (1, True)


async def test_at82_a_backup_runs_by_itself_once_set(backups, db):
    await service.make_due()
    assert await runs() == []
    await parameters.change("backup.every_hours", 6, expected_version=0, by="test")
    await service.make_due()
    await service.make_due()
    assert len(await runs()) == 1
    make.jump(db, hours=5.9)
    await service.make_due()
    assert len(await runs()) == 1
    make.jump(db, hours=6.1)
    await service.make_due()
    assert [run["error"] for run in await runs()] == [None, None]
    assert sorted(path.name for path in backups.iterdir()) == [run["name"] for run in await runs()]
    assert [job.name for job in jobs.JOBS if job.run is service.make_due and job.queue == "bulk"]


async def test_at82_a_failure_alerts_is_tried_again_within_the_hour_and_settles(backups, db, fresh_settings):
    await parameters.change("backup.every_hours", 24, expected_version=0, by="test")
    fresh_settings.setenv("GUANXI_POSTGRES_BIN", "/nowhere")
    settings.cache_clear()
    await service.make_due()
    await service.make_due()
    assert [(alert["kind"], alert["count"]) for alert in await alerts.listed()] == [("backup.failed", 1)]
    fresh_settings.delenv("GUANXI_POSTGRES_BIN")
    settings.cache_clear()
    make.jump(db, hours=1.1)
    await service.make_due()
    assert [run["error"] is None for run in await runs()] == [False, True]
    assert await alerts.listed() == []


async def test_at82_a_run_whose_process_died_is_cleared_away_and_alerts(backups, db):
    await parameters.change("backup.every_hours", 24, expected_version=0, by="test")
    name = "guanxi-20260304T000000.000Z"
    await database.execute(service._BEGIN, make.new_id(), name, clock.now())
    archive.begin(backups, name)
    await service.make_due()
    assert [run["error"] for run in await runs()] == ["interrupted"]
    assert list(backups.iterdir()) == []
    assert [alert["kind"] for alert in await alerts.listed()] == ["backup.failed"]


async def test_at82_backups_that_do_not_come_alert(backups, db):
    await service.watch()
    await parameters.change("backup.every_hours", 3, expected_version=0, by="test")
    make.jump(db, hours=5.9)
    await service.watch()
    assert await alerts.listed() == []
    make.jump(db, hours=6.1)
    await service.watch()
    assert [alert["kind"] for alert in await alerts.listed()] == ["backup.overdue"]
    await service.make_due()
    await service.watch()
    assert await alerts.listed() == []


async def test_only_the_newest_are_kept_and_nothing_else_is_touched(backups, db, tmp_path):
    await parameters.change("backup.kept", 2, expected_version=0, by="test")
    others = await service.make(tmp_path / "elsewhere")
    (backups / "mine").mkdir(parents=True)
    made = []
    for hours in range(4):
        make.jump(db, hours=hours)
        made.append((await service.make()).path.name)
    assert sorted(path.name for path in backups.iterdir()) == [*made[-2:], "mine"]
    assert others.path.exists()


@pytest.mark.prove
async def test_backups_in_other_places_push_none_out_of_ours(backups, db, tmp_path):
    await parameters.change("backup.kept", 2, expected_version=0, by="test")
    first = await service.make()
    for _ in range(2):
        await service.make(tmp_path / "elsewhere")
    last = await service.make()
    assert sorted(path.name for path in backups.iterdir()) == [first.path.name, last.path.name]


async def test_a_whole_archive_whose_run_has_no_end_stays_until_it_is_too_old(backups, db):
    """So it stands in a database that was restored from it, until the restore has ended well."""
    await parameters.change("backup.kept", 2, expected_version=0, by="test")
    restored_from = await service.make()
    await database.execute("UPDATE backup_run SET finished_at = NULL, size = NULL, manifest = NULL")
    await service.make()
    assert archive.read(restored_from.path) == restored_from.manifest.sealed()
    await service.make()
    assert not restored_from.path.exists()


async def test_a_cancelled_backup_kills_the_dump_and_says_so(backups, db, tmp_path, fresh_settings):
    async with manifest.snapshot() as moment:
        version = moment.postgres
    (tmp_path / "pg_dump").write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && echo "pg_dump (PostgreSQL) {version}.1" && exit\n'
        f"echo $$ > {tmp_path}/pid; exec sleep 600\n"
    )
    (tmp_path / "pg_dump").chmod(0o755)
    fresh_settings.setenv("GUANXI_POSTGRES_BIN", str(tmp_path))
    settings.cache_clear()
    making = asyncio.create_task(service.make())
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text().strip():  # noqa: ASYNC110 - a program's
        await asyncio.sleep(0.01)
    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
    (run,) = await runs()
    assert "CancelledError" in run["error"]


async def test_administrators_see_which_backups_were_made(backups, http):
    made = await service.make()
    await database.execute(service._BEGIN, make.new_id(), "guanxi-x", clock.now() + timedelta(hours=1))
    answer = await http.get("/staff/v1/backups?limit=1", headers=await make.headers(await make.admin()))
    (running,) = answer.json()["items"]
    assert (running["name"], running["finished_at"], running["rows"]) == ("guanxi-x", None, None)
    http.headers.update(await make.headers(await make.admin()))
    (good,) = (await http.get(f"/staff/v1/backups?cursor={answer.json()['next']}")).json()["items"]
    tables = made.manifest.contents.tables
    assert (good["name"], good["size"], good["error"]) == (made.path.name, made.size, None)
    assert (good["tables"], good["rows"]) == (len(tables), sum(table.rows for table in tables.values()))


async def test_the_command_line_makes_and_lists_them(backups, db):
    assert await guanxi("backups") == (0, "还没有备份\n")
    code, said = await guanxi("backup", "--folder", str(backups / "here"))
    assert code == 0, said
    (run,) = await runs()
    assert str(backups / "here" / run["name"]) in said
    code, said = await guanxi("backups")
    assert (code, run["name"] in said) == (0, True)
    code, said = await guanxi("backups", "--json")
    assert orjson.loads(said)["name"] == run["name"]
    (row,) = await make.rows("SELECT actor, subject_id FROM audit WHERE action = 'backup.made'")
    assert row == {"actor": "cli", "subject_id": run["name"]}
