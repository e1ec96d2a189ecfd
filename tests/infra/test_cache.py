"""The read-through cache: fresh for two seconds, one read per key, and usable while its source stalls."""

import asyncio

import pytest

from infra import cache, clock, database
from infra.cache import Cache
from infra.settings import settings


class Source:
    """What is read, under the test's control."""

    def __init__(self):
        self.reads = []
        self.value = "old"
        self.open = asyncio.Event()
        self.open.set()

    async def read(self, key):
        self.reads.append(key)
        await self.open.wait()
        if isinstance(self.value, Exception):
            raise self.value
        return f"{self.value} {key}"


@pytest.fixture
def source():
    return Source()


@pytest.fixture
def aged(monkeypatch):
    """Call it, and everything cached is too old."""
    return lambda: monkeypatch.setattr(cache, "FRESH_SECONDS", 0.0)


async def test_a_fresh_value_is_read_once_and_many_readers_share_a_read(source):
    values = Cache("test", source.read)
    assert await asyncio.gather(*(values.get("a") for _ in range(10))) == ["old a"] * 10
    assert await values.get("a") == "old a"
    assert await values.get("b") == "old b"
    assert source.reads == ["a", "b"]


async def test_an_old_value_is_read_anew(source, aged):
    values = Cache("test", source.read)
    await values.get("a")
    aged()
    source.value = "new"
    assert await values.get("a") == "new a"


async def test_while_the_source_stalls_the_old_value_is_given_and_the_new_one_later(source, aged):
    values = Cache("test", source.read)
    await values.get("a")
    aged()
    source.value = "new"
    source.open.clear()
    assert await values.get("a") == "old a"
    assert await values.get("a") == "old a"
    assert source.reads == ["a", "a"]
    source.open.set()
    assert await values.get("a") == "new a"


async def test_while_the_source_fails_the_old_value_is_given(source, aged):
    values = Cache("test", source.read)
    await values.get("a")
    aged()
    source.value = ZeroDivisionError()
    assert await values.get("a") == "old a"


async def test_without_an_old_value_the_failure_is_the_readers_and_the_next_reads_again(source):
    values = Cache("test", source.read)
    source.value = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        await values.get("a")
    source.value = "new"
    assert await values.get("a") == "new a"


async def test_a_reader_who_gives_up_does_not_stop_the_read_for_others(source):
    values = Cache("test", source.read)
    source.open.clear()
    first, second = (asyncio.create_task(values.get("a")) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    source.open.set()
    assert await second == "old a"
    assert source.reads == ["a"]


async def test_the_oldest_key_makes_room(source):
    values = Cache("test", source.read, most=2)
    for key in "abc":
        values.put(key, key)
    assert [await values.get(key) for key in "cb"] == ["c", "b"]
    assert await values.get("a") == "old a"
    assert source.reads == ["a"]


async def test_a_known_key_put_again_pushes_nobody_out(source):
    values = Cache("test", source.read, most=2)
    for key in "abb":
        values.put(key, key)
    assert [await values.get(key) for key in "ab"] == ["a", "b"]


async def test_a_value_read_inside_a_transaction_is_what_everybody_sees_not_what_it_has_not_committed(db):
    async def read(_key):
        return (await database.fetch_one("SELECT count(*) AS n FROM parameter_version"))["n"]

    counted = Cache("test", read)
    async with database.transaction() as connection:
        await connection.execute(
            """INSERT INTO parameter_version (name, version, value, changed_by, changed_at)
            VALUES ('x', 1, '1', 'a test', $1)""",
            clock.now(),
        )
        assert await counted.get() == 0
    counted.clear()
    assert await counted.get() == 1


async def test_transactions_that_all_read_a_cold_cache_do_not_wait_for_each_other(db):
    """Each holds a connection of the pool while the cache wants one more."""

    async def read(_key):
        return (await database.fetch_one("SELECT 1 AS n"))["n"]

    cold = Cache("test", read)

    async def one():
        async with database.transaction() as connection:
            await connection.fetchval("SELECT pg_sleep(0.2)")
            return await cold.get()

    async with asyncio.timeout(15):
        assert await asyncio.gather(*(one() for _ in range(2 * settings().pool_size))) == [1] * 2 * settings().pool_size
