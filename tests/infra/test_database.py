"""PostgreSQL as the house knows it: savepoints, conflicts, violated constraints, and being away."""

import asyncio
import contextvars

import asyncpg
import pytest

from core.channels.models import Channel
from infra import clock, database
from infra.database import constraint_errors, retry_on_conflict, transaction, violated_constraint
from infra.errors import Conflict, Unavailable
from infra.ids import new_id
from tests import factories as make

OUTSIDE = contextvars.copy_context()


def elsewhere(work):
    """Run it in a task of its own, outside of the test's transaction."""
    return asyncio.get_running_loop().create_task(work, context=OUTSIDE.copy())


async def _channel(name):
    return await Channel.create(id=new_id(), name=name, created_at=clock.now())


async def _channel_and_fail(name):
    async with transaction():
        await _channel(name)
        raise ZeroDivisionError


async def test_a_nested_transaction_is_a_savepoint(db):
    async with transaction():
        await _channel("kept")
        with pytest.raises(ZeroDivisionError):
            await _channel_and_fail("lost")
        await _channel("also kept")
    assert {row["name"] for row in await make.rows("SELECT name FROM channel")} == {"kept", "also kept"}


async def test_sql_and_models_share_the_transaction(db):
    async with transaction() as connection:
        await _channel("a")
        assert await connection.fetchval("SELECT count(*) FROM channel") == 1
        assert len(await database.fetch("SELECT 1 FROM channel")) == 1
        assert await elsewhere(make.count("channel")) == 0
    with pytest.raises(ZeroDivisionError):
        await _channel_and_fail("b")
    assert await make.count("channel") == 1


async def test_being_in_a_transaction_is_known(db):
    assert not database.in_transaction()
    async with transaction():
        assert database.in_transaction()
        assert not await elsewhere(_in_transaction())
        async with transaction():
            assert database.in_transaction()
        assert database.in_transaction()
    assert not database.in_transaction()


async def _in_transaction():
    return database.in_transaction()


async def test_execute_counts_rows(db):
    await _channel("a")
    await _channel("b")
    assert await database.execute("UPDATE channel SET name = name || '!'") == 2
    assert await database.execute("DELETE FROM channel WHERE name = 'none'") == 0
    assert await database.execute("SET LOCAL lock_timeout = 100") == 0


class Taken(Conflict):
    code = "taken"


@pytest.mark.parametrize("by_driver", [False, True])
async def test_a_violated_constraint_is_the_error_it_stands_for(db, by_driver):
    async def add(name):
        if not by_driver:
            return await _channel(name)
        return await database.execute(
            "INSERT INTO channel (id, name, created_at) VALUES ($1, $2, $3)", new_id(), name, clock.now()
        )

    await add("a")
    with pytest.raises(Taken) as taken, constraint_errors({"channel_name_key": Taken}):
        await add("a")
    assert violated_constraint(taken.value.__cause__) == "channel_name_key"
    with pytest.raises(Exception, match="channel_name_key") as raw, constraint_errors({"another": Taken}):
        await add("a")
    assert not isinstance(raw.value, Taken)
    assert violated_constraint(ValueError("x")) is None


@pytest.fixture
async def two_rows(db):
    for name in "ab":
        await _channel(name)


async def _update(name, new):
    async with transaction() as connection:
        await connection.execute("UPDATE channel SET created_at = created_at WHERE name = $1", name)
        await asyncio.sleep(0.05)
        await connection.execute("UPDATE channel SET created_at = created_at WHERE name = $1", new)


async def test_the_victim_of_a_deadlock_tries_again(two_rows):
    tries = []

    @retry_on_conflict
    async def work(first, second):
        tries.append(first)
        await _update(first, second)

    await asyncio.gather(elsewhere(work("a", "b")), elsewhere(work("b", "a")))
    assert len(tries) == 3


async def test_who_waits_too_long_for_a_lock_tries_three_times_and_then_gives_up(two_rows):
    tries = []

    @retry_on_conflict
    async def work():
        tries.append(1)
        async with transaction() as connection:
            await connection.execute("SET LOCAL lock_timeout = 30")
            await connection.execute("UPDATE channel SET created_at = created_at WHERE name = 'a'")

    async with transaction() as connection:
        await connection.execute("SELECT 1 FROM channel WHERE name = 'a' FOR UPDATE")
        with pytest.raises(asyncpg.LockNotAvailableError):
            await elsewhere(work())
        assert len(tries) == 3
    await work()
    assert len(tries) == 4


async def test_any_other_error_is_not_tried_again(db):
    tries = []

    @retry_on_conflict
    async def work():
        tries.append(1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await work()
    assert tries == [1]


async def test_a_lost_connection_is_unavailable_and_the_next_call_works(db):
    with pytest.raises(Unavailable):
        await database.fetch("SELECT pg_terminate_backend(pg_backend_pid())")
    with pytest.raises(Unavailable):
        async with transaction() as connection:
            await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    assert len(await database.fetch("SELECT 1")) == 1


async def test_an_error_of_the_work_is_not_called_an_outage(db):
    with pytest.raises(FileNotFoundError):
        async with transaction():
            raise FileNotFoundError
    assert not database.is_outage(FileNotFoundError())
    assert not database.is_outage(asyncpg.UniqueViolationError("x"))


@pytest.mark.parametrize(
    "error",
    [ConnectionResetError(), asyncpg.TooManyConnectionsError("x"), asyncpg.AdminShutdownError("x"), Unavailable()],
)
def test_what_is_an_outage(error):
    assert database.is_outage(error)


async def test_the_session_limits_of_the_settings_hold(db):
    row = await database.fetch_one(
        """SELECT current_setting('lock_timeout') AS locks, current_setting('statement_timeout') AS statements,
        current_setting('timezone') AS zone, current_setting('idle_in_transaction_session_timeout') AS idle"""
    )
    assert dict(row) == {"locks": "2500ms", "statements": "30s", "zone": "UTC", "idle": "1min"}


async def test_inside_a_transaction_the_connection_can_be_asked_for_again_and_again(db):
    async with asyncio.timeout(20), database.transaction(), database.connection() as outer:
        async with database.connection() as inner:
            assert inner is outer
        assert (await database.fetch_one("SELECT 1 AS n"))["n"] == 1
