"""Group commit: callers share a transaction, a bad row fails alone, and nobody is acknowledged before the commit."""

import asyncio

import asyncpg
import pytest

from infra import database
from infra.batch import GroupCommit
from infra.errors import Unavailable


@pytest.fixture
async def table(db):
    await database.execute("CREATE TABLE IF NOT EXISTS batched (key int, number int UNIQUE CHECK (number <> 1300))")
    await database.execute("DELETE FROM batched")
    yield
    await database.execute("DROP TABLE batched")


class Door:
    """A group commit into the table; it remembers the batches it was given."""

    def __init__(self, **options):
        self.batches = []
        self.waits = asyncio.Event()
        self.waits.set()
        self.began = asyncio.Event()
        self.commit = GroupCommit("test", self.write, key=lambda row: row[0], **options)

    async def write(self, connection, rows):
        self.batches.append(list(rows))
        self.began.set()
        await self.waits.wait()
        await connection.execute(
            "INSERT INTO batched SELECT * FROM unnest($1::int[], $2::int[])",
            [key for key, _ in rows],
            [number for _, number in rows],
        )
        return [number * 10 for _, number in rows]

    async def submit(self, *rows):
        return await asyncio.gather(*(self.commit.submit(row) for row in rows), return_exceptions=True)


async def _numbers():
    return [row["number"] for row in await database.fetch("SELECT number FROM batched ORDER BY number")]


@pytest.mark.parametrize("one_statement", [False, True])
async def test_concurrent_callers_share_a_statement_and_each_gets_the_own_result(table, one_statement):
    door = Door(writers=1, one_statement=one_statement)
    assert await door.submit(*((0, n) for n in range(100))) == [n * 10 for n in range(100)]
    assert len(door.batches) == 1
    assert await _numbers() == list(range(100))


async def test_rows_that_arrive_during_a_commit_form_the_next_batch(table):
    door = Door(writers=1)
    door.waits.clear()
    first = asyncio.create_task(door.submit((0, 1)))
    await door.began.wait()
    others = asyncio.create_task(door.submit(*((0, n) for n in range(2, 30))))
    await asyncio.sleep(0.01)
    door.waits.set()
    await asyncio.gather(first, others)
    assert [len(batch) for batch in door.batches] == [1, 28]


async def test_a_batch_holds_no_more_than_it_may(table):
    door = Door(writers=1, most_rows=10)
    await door.submit(*((0, n) for n in range(25)))
    assert [len(batch) for batch in door.batches] == [10, 10, 5]


@pytest.mark.parametrize("one_statement", [False, True])
async def test_a_bad_row_fails_alone(table, one_statement):
    door = Door(writers=1, one_statement=one_statement)
    results = await door.submit(*((0, n) for n in range(1297, 1303)), (0, 1297))
    assert [r for r in results if isinstance(r, int)] == [12970, 12980, 12990, 13010, 13020]
    assert isinstance(results[3], asyncpg.CheckViolationError)
    assert isinstance(results[6], asyncpg.UniqueViolationError)
    assert await _numbers() == [1297, 1298, 1299, 1301, 1302]
    assert await door.submit((0, 16)) == [160]


async def test_rows_of_one_key_commit_in_their_order_over_several_writers(table):
    door = Door(writers=4, most_rows=7)
    await database.execute("ALTER TABLE batched ADD COLUMN seen bigserial")
    rows = [(key, key * 1000 + n) for n in range(20) for key in range(9)]
    await door.submit(*rows)
    for key in range(9):
        found = await database.fetch("SELECT number FROM batched WHERE key = $1 ORDER BY seen", key)
        assert [row["number"] for row in found] == [number for k, number in rows if k == key]


async def test_nobody_is_acknowledged_before_the_commit(table):
    door = Door()
    door.waits.clear()
    waiting = asyncio.create_task(door.submit((0, 1)))
    await asyncio.sleep(0.02)
    assert not waiting.done()
    door.waits.set()
    assert await waiting == [10]
    assert await _numbers() == [1]


@pytest.mark.parametrize("one_statement", [False, True])
async def test_an_outage_fails_every_caller_at_once_and_the_door_lives_on(table, one_statement):
    door = Door(writers=1, one_statement=one_statement)
    write, calls = door.write, []

    async def die(connection, rows):
        calls.append(len(rows))
        await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return await write(connection, rows)

    door.commit._write = die
    results = await door.submit(*((0, n) for n in range(8)))
    assert [type(r) for r in results] == [Unavailable] * 8
    assert calls == [8]
    door.commit._write = write
    assert await door.submit((0, 1)) == [10]
    assert await _numbers() == [1]


async def test_a_caller_who_gives_up_harms_nobody_else(table):
    door = Door(writers=1)
    door.waits.clear()
    one, two = (asyncio.create_task(door.commit.submit((0, n))) for n in (1, 2))
    await asyncio.sleep(0.01)
    one.cancel()
    door.waits.set()
    assert await two == 20
    assert await _numbers() == [1, 2]


async def test_closing_waits_for_what_was_submitted(table):
    door = Door(writers=2)
    tasks = [asyncio.create_task(door.commit.submit((n, n))) for n in range(12)]
    await asyncio.sleep(0)
    await door.commit.close()
    assert all(task.done() for task in tasks)
    assert await _numbers() == list(range(12))
