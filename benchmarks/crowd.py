"""A million made-up customers of ten thousand colleagues (`guanxi generate`), and who asks for them.

Few colleagues have very many customers, some have none, one region has old ones only.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import asyncpg

from core.permissions.rules import Scope

CUSTOMERS = 1_000_000
SEED = 7
UNTIL = datetime(2026, 3, 4, tzinfo=UTC)

_EMPTY = "TRUNCATE customer, identity, timeline, staff, store, post, department, channel, tag, custom_field CASCADE"
_HEAD = "SELECT id FROM staff WHERE name = $1"
_BUSIEST = """
SELECT s.id FROM staff s JOIN role r ON r.id = s.role_id JOIN customer c ON c.guide_id = s.id
WHERE r.key = $1 GROUP BY s.id ORDER BY count(*) DESC LIMIT 1 OFFSET $2
"""
# Somebody who sees every region as a whole, but not what is above: all customers but a few, and not as "everything".
_GRANT = """
INSERT INTO staff_department_grant (id, staff_id, department_id)
SELECT gen_random_uuid(), $1, id FROM department WHERE name LIKE '%大区' ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who asks."""

    name: str
    id: UUID


async def gather(url: str) -> None:
    """Make them all."""
    from app.generator.service import fill

    connection = await asyncpg.connect(url)
    try:
        await connection.execute(_EMPTY)
    finally:
        await connection.close()
    await fill(CUSTOMERS, SEED, UNTIL)


async def callers(url: str) -> list[Caller]:
    """Somebody for every scope."""
    connection = await asyncpg.connect(url)
    try:
        return [
            await _caller(connection, "own", Scope.OWN, _BUSIEST, "guide", 0),
            await _caller(connection, "store", Scope.STORE, _BUSIEST, "store_manager", 0),
            await _caller(connection, "department", Scope.DEPARTMENT, _BUSIEST, "guide", 1),
            await _caller(connection, "region", Scope.BELOW, _HEAD, "01大区主管"),
            await _caller(connection, "old region", Scope.BELOW, _HEAD, "05大区主管"),
            await _caller(connection, "ten thousand", Scope.BELOW, _HEAD, "02大区主管"),
            await _caller(connection, "all", Scope.BELOW, _HEAD, "总部主管"),
        ]
    finally:
        await connection.close()


async def _caller(
    connection: "asyncpg.Connection[asyncpg.Record]", name: str, scope: Scope, sql: str, *whom: object
) -> Caller:
    found = UUID(int=(await connection.fetchval(sql, *whom)).int)
    await connection.execute("UPDATE staff SET scope = $2 WHERE id = $1", found, scope)
    if name == "ten thousand":
        await connection.execute(_GRANT, found)
    return Caller(name, found)
