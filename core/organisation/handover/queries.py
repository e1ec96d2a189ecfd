"""Reading hand-overs: the list, and who has what somebody who left handed over."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from infra import database
from infra.database import Connection

_HAND_OVERS = """
SELECT h.id, h.source_id, s.name AS source, h.target_id, t.name AS target, h.parts, h.reason, h.made_by, h.made_at
FROM hand_over h JOIN staff s ON s.id = h.source_id JOIN staff t ON t.id = h.target_id
"""

_OF = f"""
{_HAND_OVERS} WHERE h.id IN (
    SELECT id FROM hand_over WHERE source_id = $1 AND ($2::uuid IS NULL OR id < $2)
    UNION SELECT id FROM hand_over WHERE target_id = $1 AND ($2::uuid IS NULL OR id < $2)
) ORDER BY h.id DESC LIMIT $3
"""

# The receiver may have left as well, and so on; two may have handed over to each other.
_HEIRS = """
WITH RECURSIVE way AS (
    SELECT id AS giver, id, left_at, ARRAY[id] AS seen FROM staff WHERE id = ANY($1::uuid[]) AND left_at IS NOT NULL
    UNION ALL
    SELECT w.giver, t.id, t.left_at, w.seen || t.id FROM way w CROSS JOIN LATERAL (
        SELECT target_id FROM hand_over h WHERE h.source_id = w.id AND h.parts ? $2 ORDER BY h.id DESC LIMIT 1
    ) n JOIN staff t ON t.id = n.target_id
    WHERE w.left_at IS NOT NULL AND t.id <> ALL(w.seen)
)
SELECT giver, max(id::text) FILTER (WHERE left_at IS NULL) AS heir FROM way GROUP BY giver
"""


@dataclass(frozen=True, slots=True)
class HandedOver:
    """One hand-over, with the names of both."""

    id: UUID
    source_id: UUID
    source: str
    target_id: UUID
    target: str
    parts: dict[str, int]
    reason: str
    made_by: str
    made_at: datetime


async def one(hand_over_id: UUID) -> HandedOver:
    """A hand-over that there is."""
    [row] = await database.fetch(f"{_HAND_OVERS} WHERE h.id = $1", hand_over_id)
    return _handed_over(row)


async def of(staff_id: UUID, before: UUID | None, limit: int) -> list[HandedOver]:
    """What somebody handed over or received, newest first."""
    return [_handed_over(row) for row in await database.fetch(_OF, staff_id, before, limit)]


async def heirs(connection: Connection, staff_ids: Collection[UUID], part: str) -> dict[UUID, UUID | None]:
    """Those of the given colleagues who have left, each with the colleague who has what they handed over of a part.

    None: they handed nothing over, or the receiver has left too without doing so.
    """
    rows = await connection.fetch(_HEIRS, list(staff_ids), part)
    return {UUID(int=row["giver"].int): UUID(row["heir"]) if row["heir"] else None for row in rows}


def _handed_over(row: Any) -> HandedOver:
    return HandedOver(**{**row, "parts": orjson.loads(row["parts"])})
