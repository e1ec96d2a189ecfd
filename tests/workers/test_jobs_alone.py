"""A job that still runs is not started a second time, whichever process is told to."""

import asyncio

from infra import database


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
    await database.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"
    )
    async with database.exclusive("job a") as alone:
        assert alone
    holder.cancel()
    await asyncio.gather(holder, return_exceptions=True)
