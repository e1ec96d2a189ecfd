"""Which migrations are not applied yet."""

from contextlib import suppress

from app.migrations import pending
from infra import database


class _Undo(Exception):
    pass


async def test_what_is_not_applied_is_named(db):
    assert await pending() == []
    missing = []
    with suppress(_Undo):
        async with database.transaction():
            await database.execute("DELETE FROM tortoise_migrations WHERE name LIKE '0003%'")
            missing.append(await pending())
            await database.execute("DROP TABLE tortoise_migrations")
            missing.append(await pending())
            raise _Undo
    assert [name[:4] for name in missing[0]] == ["0003"]
    assert [name[:4] for name in missing[1]][:3] == ["0001", "0002", "0003"]
    assert await pending() == []
