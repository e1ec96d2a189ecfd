"""Reading staff."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

import asyncpg
import orjson

from core.permissions.points import rights_of_role
from core.permissions.rules import Layout, Rights, Scope, SpecialRight, layout_of, scope_in_force, special_rights_in
from infra import database
from infra.database import Connection

CUSTOM_ROLE = "custom"

_STAFF = """
SELECT s.id, s.name, s.username, s.department_id, s.post_id, s.store_id, s.is_guide, s.scope, s.special_rights,
       s.must_change_password, s.totp_confirmed_at, s.created_at, s.disabled_at, s.left_at, r.id AS role_id,
       r.key AS role_key, r.name AS role_name, r.points, r.layout, r.scope AS role_scope,
       r.special_rights AS role_rights,
       ARRAY(SELECT g.department_id FROM staff_department_grant g WHERE g.staff_id = s.id) AS granted,
       NOT EXISTS (
           SELECT FROM department t WHERE t.parent_id IS NULL AND t.deleted_at IS NULL AND t.id <> s.department_id
           AND NOT EXISTS (SELECT FROM staff_department_grant g WHERE g.staff_id = s.id AND g.department_id = t.id)
       ) AS on_top
FROM staff s JOIN role r ON r.id = s.role_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """Somebody who works or worked here, with the rights in force. `role` is a ready-made one's key, or `custom`.

    `scope` says whose data the person sees, `granted_departments` are seen besides, `layout` how much of a customer.
    """

    id: UUID
    name: str
    username: str
    role: str
    role_id: UUID
    role_name: str
    points: frozenset[str]
    scope: Scope
    special_rights: frozenset[SpecialRight]
    granted_departments: frozenset[UUID]
    layout: Layout
    department_id: UUID
    post_id: UUID
    store_id: UUID | None
    is_guide: bool
    must_change_password: bool
    has_second_factor: bool
    created_at: datetime
    disabled_at: datetime | None
    left_at: datetime | None

    def may(self, point: str) -> bool:
        """Whether the person holds an operation point."""
        return point in self.points

    @property
    def rights(self) -> Rights:
        """All three kinds, as they are in force."""
        return Rights(self.points, self.scope, self.special_rights)

    @classmethod
    def of(cls, row: asyncpg.Record) -> Self:
        stored = orjson.loads(row["points"]), row["role_scope"], orjson.loads(row["role_rights"])
        role = rights_of_role(row["role_key"], *stored)
        own_rights = special_rights_in(orjson.loads(row["special_rights"]))
        return cls(
            id=UUID(int=row["id"].int),
            name=row["name"],
            username=row["username"],
            role=row["role_key"] or CUSTOM_ROLE,
            role_id=row["role_id"],
            role_name=row["role_name"],
            points=role.points,
            scope=scope_in_force(Scope(row["scope"] or role.scope), on_top=row["on_top"]),
            special_rights=role.special_rights | own_rights,
            granted_departments=frozenset(row["granted"]),
            layout=layout_of(row["role_key"], row["layout"], role.points),
            department_id=row["department_id"],
            post_id=row["post_id"],
            store_id=row["store_id"],
            is_guide=row["is_guide"],
            must_change_password=row["must_change_password"],
            has_second_factor=row["totp_confirmed_at"] is not None,
            created_at=row["created_at"],
            disabled_at=row["disabled_at"],
            left_at=row["left_at"],
        )


async def at_work(staff_id: UUID) -> Colleague | None:
    """A colleague who has not left and is not disabled."""
    row = await database.fetch_one(
        f"{_STAFF} WHERE s.id = $1 AND s.left_at IS NULL AND s.disabled_at IS NULL", staff_id
    )
    return Colleague.of(row) if row else None


async def colleague(staff_id: UUID) -> Colleague | None:
    """A colleague, also one who has left."""
    row = await database.fetch_one(f"{_STAFF} WHERE s.id = $1", staff_id)
    return Colleague.of(row) if row else None


async def colleagues(condition: str, *values: object) -> list[Colleague]:
    """Those for whom a condition on `staff s` holds; it may go on with an order and a limit."""
    return [Colleague.of(row) for row in await database.fetch(f"{_STAFF} WHERE {condition}", *values)]


async def left_among(connection: Connection, staff_ids: Collection[UUID]) -> set[UUID]:
    """Those of the given colleagues who have left."""
    rows = await connection.fetch(
        "SELECT id FROM staff WHERE id = ANY($1::uuid[]) AND left_at IS NOT NULL", list(staff_ids)
    )
    return {row["id"] for row in rows}


async def working_among(staff_ids: Collection[UUID]) -> set[UUID]:
    """Those of the given colleagues who neither left nor are disabled."""
    rows = await database.fetch(
        "SELECT id FROM staff WHERE id = ANY($1::uuid[]) AND left_at IS NULL AND disabled_at IS NULL", list(staff_ids)
    )
    return {row["id"] for row in rows}


async def staff_identities(connection: Connection, digests: Collection[bytes]) -> set[bytes]:
    """Those of the given identities (keyed digests) that belong to colleagues."""
    rows = await connection.fetch("SELECT digest FROM staff_wechat WHERE digest = ANY($1::bytea[])", list(digests))
    return {row["digest"] for row in rows}
