"""A job that still runs is not started a second time, whichever process is told to."""

import asyncio

from infra import database
from tests import factories as make


async def test_a_name_has_one_holder_at_a_time(db):
    async with database.exclusive("job a") as first, database.exclusive("job b") as other:
        async with database.exclusive("job a") as second:
            assert (first, other, second) == (True, True, False)
        async with database.exclusive("job a") as third:
            assert not third
    async with database.exclusive("job a") as free_again:
        assert free_again


async def test_whoever_dies_holds_it_no_more(db):
    async def hold():
        async with database.exclusive("job a"):
            taken.set()
            await asyncio.sleep(60)

    taken = asyncio.Event()
    holder = asyncio.create_task(hold())
    await taken.wait()
    # With a time it comes back when the process is gone, not when it has been told to go.
    gone = await make.rows(
        """SELECT pg_terminate_backend(pid, 20000) AS gone FROM pg_locks l JOIN pg_database d ON d.oid = l.database
        WHERE locktype = 'advisory' AND datname = current_database()"""
    )
    assert gone == [{"gone": True}]
    async with database.exclusive("job a") as alone:
        assert alone
    holder.cancel()
    await asyncio.gather(holder, return_exceptions=True)
