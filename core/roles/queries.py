"""Reading roles, and what there is to compose them of."""

from uuid import UUID

import asyncpg

from core.organisation.errors import RoleNotFound
from core.organisation.places import rights_of
from core.organisation.queries import Colleague
from core.organisation.scopes import Values, of_staff
from core.permissions.points import MODULES, SCOPES, SPECIAL_RIGHTS
from core.permissions.rules import Rights, Scope, layout_of
from core.roles.schemas import ModuleOut, PermissionsOut, RoleOut, TitledOut
from infra import database

_ROLES = """
SELECT r.*, (SELECT count(*) FROM staff s WHERE s.role_id = r.id AND s.left_at IS NULL AND {reach}) AS holders
FROM role r WHERE r.deleted_at IS NULL
"""


async def page(by: Colleague, after: UUID | None, limit: int) -> list[RoleOut]:
    """The ready-made roles, then the others in the order they were added."""
    values = Values(after, limit)
    sql = _ROLES.format(reach=of_staff(by, values.put, "s.id"))
    rows = await database.fetch(f"{sql} AND ($1::uuid IS NULL OR r.id > $1) ORDER BY r.id LIMIT $2", *values)
    return [_role(row) for row in rows]


async def role(by: Colleague, role_id: UUID) -> RoleOut:
    """One role. Raises RoleNotFound."""
    values = Values(role_id)
    sql = _ROLES.format(reach=of_staff(by, values.put, "s.id"))
    row = await database.fetch_one(f"{sql} AND r.id = $1", *values)
    if row is None:
        raise RoleNotFound
    return _role(row)


def permissions(held: Rights) -> PermissionsOut:
    """Operation points by module, scopes and special rights that go no further than what somebody holds."""
    modules = [
        ModuleOut(key=module.key, title=module.title, points=points)
        for module in MODULES
        if (points := [TitledOut(key=key, title=title) for key, title in module.points.items() if key in held.points])
    ]
    scopes = list(Scope)[: list(Scope).index(held.scope) + 1]
    return PermissionsOut(
        modules=modules,
        scopes=[TitledOut(key=scope, title=SCOPES[scope]) for scope in scopes],
        special_rights=cards(held),
    )


def cards(held: Rights) -> list[TitledOut]:
    """The sensitive cards of the workbench that somebody may see (AT-76)."""
    return [TitledOut(key=key, title=title) for key, title in SPECIAL_RIGHTS.items() if key in held.special_rights]


def _role(row: asyncpg.Record) -> RoleOut:
    rights = rights_of(row)
    return RoleOut(
        id=row["id"],
        key=row["key"],
        name=row["name"],
        points=sorted(rights.points),
        scope=rights.scope,
        special_rights=sorted(rights.special_rights),
        layout=layout_of(row["key"], row["layout"], rights.points),
        holders=row["holders"],
        version=row["version"],
        created_at=row["created_at"],
    )
