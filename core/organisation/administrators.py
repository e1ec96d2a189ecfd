"""An administrator at work remains: somebody who may change people and roles, everywhere.

A file of its own: leaving, being disabled, losing a right and a role that gets smaller all ask here.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from core.organisation.errors import LastAdministrator
from core.permissions.rules import READY_MADE, Scope
from infra import database
from infra.database import Connection

NEEDED = frozenset({"staff:write", "roles:write"})
_READY_MADE = [key.value for key, role in READY_MADE.items() if role.points >= NEEDED]

_ANY = """
SELECT EXISTS (
    SELECT 1 FROM staff s JOIN role r ON r.id = s.role_id
    WHERE s.left_at IS NULL AND s.disabled_at IS NULL AND COALESCE(s.scope, r.scope) = $1
    AND (r.key = ANY($2::text[]) OR r.key IS NULL AND r.points ?& $3::text[])
)
"""


@asynccontextmanager
async def keeping_one() -> AsyncIterator[None]:
    """Around a change that may take the last administrator away; whoever makes one takes turns until the commit.

    Raises LastAdministrator after the change, so that the caller's transaction takes it back.
    """
    async with database.transaction() as connection:
        await connection.execute("SELECT pg_advisory_xact_lock(hashtext('administrators'))")
        before = await _any(connection)
        yield
        if before and not await _any(connection):
            raise LastAdministrator


async def _any(connection: Connection) -> bool:
    return bool(await connection.fetchval(_ANY, Scope.ALL.value, _READY_MADE, sorted(NEEDED)))
