"""Where a colleague works and as what, held while it is written down: nobody is put where something just ended.

Each function locks a living row until the caller's transaction ends, and raises the not-found error of its kind. Who
needs several takes them in the order of this file.
"""

from uuid import UUID

import asyncpg
import orjson

from core.organisation.errors import DepartmentNotFound, PostNotFound, RoleNotFound, WorkplaceNotFound
from core.organisation.queries import Colleague
from core.organisation.scopes import Values, departments_in_reach, reaches_store, stores_in_reach
from core.permissions.points import rights_of_role
from core.permissions.rules import Rights, Scope
from infra import database
from infra.database import Connection

_DEPARTMENT = "SELECT id FROM department WHERE id = $1 AND deleted_at IS NULL FOR SHARE"
_POST = "SELECT id FROM post WHERE id = $1 AND department_id = $2 AND deleted_at IS NULL FOR SHARE"
_STORE = "SELECT id FROM store WHERE id = $1 AND closed_at IS NULL FOR SHARE"
_ROLE = "SELECT key, points, scope, special_rights FROM role WHERE id = $1 AND deleted_at IS NULL FOR SHARE"


async def department_of(connection: Connection, post_id: UUID) -> UUID:
    """The department a post is in now. Raises PostNotFound."""
    found: UUID | None = await connection.fetchval("SELECT department_id FROM post WHERE id = $1", post_id)
    if found is None:
        raise PostNotFound
    return found


async def hold_department(connection: Connection, department_id: UUID) -> None:
    """Raises DepartmentNotFound."""
    if await connection.fetchval(_DEPARTMENT, department_id) is None:
        raise DepartmentNotFound


async def hold_post(connection: Connection, post_id: UUID, department_id: UUID) -> None:
    """Raises PostNotFound, also when the post is in another department."""
    if await connection.fetchval(_POST, post_id, department_id) is None:
        raise PostNotFound


async def hold_store(connection: Connection, store_id: UUID) -> None:
    """Raises WorkplaceNotFound for a closed store too."""
    if await connection.fetchval(_STORE, store_id) is None:
        raise WorkplaceNotFound


async def hold_role(connection: Connection, role_id: UUID) -> Rights:
    """What the role gives. Raises RoleNotFound."""
    row = await connection.fetchrow(_ROLE, role_id)
    if row is None:
        raise RoleNotFound
    return rights_of(row)


def rights_of(role: asyncpg.Record) -> Rights:
    """What a stored role gives."""
    points, special_rights = orjson.loads(role["points"]), orjson.loads(role["special_rights"])
    return rights_of_role(role["key"], points, role["scope"], special_rights)


async def department_in_reach(by: Colleague, department_id: UUID) -> bool:
    """Whether `by` sees the department's data as a whole."""
    if by.scope is Scope.ALL:
        return True
    values = Values(department_id)
    within = departments_in_reach(by, values.put)
    row = within and await database.fetch_one(f"SELECT $1::uuid IN ({within}) AS found", *values)
    return bool(row and row["found"])


async def check(by: Colleague, department_id: UUID, store_id: UUID | None) -> None:
    """Nobody puts a person where they don't see. Raises DepartmentNotFound, WorkplaceNotFound.

    Who sees one store puts people into it, all in the own department.
    """
    in_own_store = by.scope is Scope.STORE and store_id == by.store_id and department_id == by.department_id
    if not (in_own_store or await department_in_reach(by, department_id)):
        raise DepartmentNotFound
    if store_id is not None and not await reaches_store(by, store_id):
        raise WorkplaceNotFound


async def seen(by: Colleague) -> tuple[frozenset[UUID] | None, frozenset[UUID] | None]:
    """The departments seen as a whole, and the stores; None for each: every one."""
    if by.scope is Scope.ALL:
        return None, None
    departments, stores = Values(), Values()
    of_departments, of_stores = departments_in_reach(by, departments.put), stores_in_reach(by, stores.put)
    found = await database.fetch(of_departments, *departments) if of_departments else []
    return frozenset(row[0] for row in found), frozenset(
        row[0] for row in await database.fetch(of_stores or "", *stores)
    )
