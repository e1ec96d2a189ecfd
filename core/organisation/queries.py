"""Reading staff."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from core.organisation.models import Staff
from core.permissions.rules import Role
from infra.database import Connection


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who works or worked here."""

    id: UUID
    name: str
    username: str
    role: Role
    store_id: UUID | None
    created_at: datetime
    left_at: datetime | None

    @classmethod
    def of(cls, staff: Staff) -> Self:
        return cls(staff.id, staff.name, staff.username, staff.role, staff.store_id, staff.created_at, staff.left_at)


async def at_work(staff_id: UUID) -> Colleague | None:
    """A colleague who has not left."""
    staff = await Staff.get_or_none(id=staff_id, left_at=None)
    return Colleague.of(staff) if staff else None


async def left_among(connection: Connection, staff_ids: Collection[UUID]) -> set[UUID]:
    """Those of the given colleagues who have left."""
    rows = await connection.fetch(
        "SELECT id FROM staff WHERE id = ANY($1::uuid[]) AND left_at IS NOT NULL", list(staff_ids)
    )
    return {row["id"] for row in rows}


async def staff_identities(connection: Connection, digests: Collection[bytes]) -> set[bytes]:
    """Those of the given identities (keyed digests) that belong to colleagues."""
    rows = await connection.fetch("SELECT digest FROM staff_wechat WHERE digest = ANY($1::bytea[])", list(digests))
    return {row["digest"] for row in rows}


async def guides(after: UUID | None, limit: int) -> list[Colleague]:
    """Guides, also those who left, in the order they were added."""
    found = Staff.filter(role=Role.GUIDE) if after is None else Staff.filter(role=Role.GUIDE, id__gt=after)
    return [Colleague.of(staff) for staff in await found.order_by("id").limit(limit)]
