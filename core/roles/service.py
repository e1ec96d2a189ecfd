"""Use cases around roles. A changed one is in force at its holders' next request."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

import asyncpg

from core.organisation.administrators import keeping_one
from core.organisation.errors import RightNotYours, RoleNotFound
from core.organisation.places import rights_of
from core.organisation.queries import Colleague
from core.permissions.points import POINTS
from core.permissions.rules import Layout, Rights, Scope, SpecialRight, layout_of
from core.roles.errors import RoleChanged, RoleHeld, RoleNameTaken, RoleReadyMade, UnknownPoints
from core.roles.models import Role
from infra import audit, clock
from infra.database import Connection, constraint_errors, transaction
from infra.ids import new_id

_CONSTRAINTS = {"role_name_key": RoleNameTaken}
_NOTHING = Rights(frozenset(), Scope.OWN, frozenset())


async def add_role(
    by: Colleague,
    *,
    name: str,
    copy_of: UUID | None,
    points: Collection[str] | None,
    scope: Scope | None,
    special_rights: Collection[SpecialRight] | None,
    layout: Layout | None,
) -> UUID:
    """A new role; returns its id. Raises RoleNotFound (`copy_of`), UnknownPoints, RightNotYours, RoleNameTaken."""
    with constraint_errors(_CONSTRAINTS):
        async with transaction() as connection:
            copied = await _hold(connection, copy_of) if copy_of else None
            rights = _merged(rights_of(copied) if copied else _NOTHING, points, scope, special_rights)
            _check(by, rights)
            if copied and layout is None:
                layout = layout_of(copied["key"], None, rights.points) if copied["key"] else copied["layout"]
            role_id, columns = new_id(), _columns(rights, layout)
            await Role.create(id=role_id, name=name, version=1, created_at=clock.now(), **columns)
            await audit.note("role.added", "role", role_id, {"name": name} | columns)
    return role_id


async def change_role(by: Colleague, role_id: UUID, version: int, values: Mapping[str, Any]) -> None:
    """Change name, points, scope, special rights and layout (None: what follows from the points), whichever are given.

    Nobody touches a role that gives more than they hold. Raises RoleNotFound, RoleReadyMade, RoleChanged,
    UnknownPoints, RightNotYours, RoleNameTaken, LastAdministrator.
    """
    with constraint_errors(_CONSTRAINTS):
        async with transaction() as connection, keeping_one():
            row = await _own_made(connection, role_id)
            if row["version"] != version:
                raise RoleChanged({"version": row["version"]})
            former = rights_of(row)
            rights = _merged(former, values.get("points"), values.get("scope"), values.get("special_rights"))
            _check(by, former)
            _check(by, rights)
            name, columns = values.get("name", row["name"]), _columns(rights, values.get("layout", row["layout"]))
            await Role.filter(id=role_id).update(name=name, version=version + 1, **columns)
            before = {"name": row["name"]} | _columns(former, row["layout"])
            await audit.note("role.changed", "role", role_id, {"name": name, **columns, "before": before})


async def delete_role(by: Colleague, role_id: UUID) -> None:
    """Delete a role that nobody holds who has not left.

    Raises RoleNotFound, RoleReadyMade, RoleHeld, RightNotYours.
    """
    async with transaction() as connection:
        row = await _own_made(connection, role_id)
        _check(by, rights_of(row))
        await Role.filter(id=role_id).update(deleted_at=clock.now())
        # Whoever gives the role to somebody holds its row until that is committed, so nobody comes in between.
        holders = await connection.fetchval(
            "SELECT count(*) FROM staff WHERE role_id = $1 AND left_at IS NULL", role_id
        )
        if holders:
            raise RoleHeld({"holders": holders})
        await audit.note("role.deleted", "role", role_id, {"name": row["name"]})


async def _own_made(connection: Connection, role_id: UUID) -> asyncpg.Record:
    row = await _hold(connection, role_id)
    if row["key"]:
        raise RoleReadyMade
    return row


async def _hold(connection: Connection, role_id: UUID) -> asyncpg.Record:
    row = await connection.fetchrow(
        "SELECT * FROM role WHERE id = $1 AND deleted_at IS NULL FOR NO KEY UPDATE", role_id
    )
    if row is None:
        raise RoleNotFound
    return row


def _merged(
    model: Rights,
    points: Collection[str] | None,
    scope: Scope | None,
    special_rights: Collection[SpecialRight] | None,
) -> Rights:
    return Rights(
        model.points if points is None else frozenset(points),
        scope or model.scope,
        model.special_rights if special_rights is None else frozenset(special_rights),
    )


def _check(by: Colleague, rights: Rights) -> None:
    if unknown := rights.points - POINTS:
        raise UnknownPoints({"points": sorted(unknown)})
    if beyond := rights.beyond(by.rights):
        raise RightNotYours({"beyond": beyond})


def _columns(rights: Rights, layout: str | None) -> dict[str, Any]:
    return {
        "layout": layout,
        "points": sorted(rights.points),
        "scope": rights.scope,
        "special_rights": sorted(rights.special_rights),
    }
