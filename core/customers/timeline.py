"""Writing the timeline: a set function for every context.

A file of its own: contexts above customers call it in their transactions.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from infra.database import Connection
from infra.ids import new_id

_ADD = """
INSERT INTO timeline (id, customer_id, occurred_at, kind, source, details)
SELECT id, customer_id, occurred_at, kind, source, details::jsonb
FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[], $5::uuid[], $6::text[])
    AS e (id, customer_id, occurred_at, kind, source, details)
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something happened to a customer. `details` are ids and facts to show: no number, no openid, no free text."""

    customer_id: UUID
    occurred_at: datetime
    kind: str
    source: UUID
    details: dict[str, Any] = field(default_factory=dict)


async def tell(connection: Connection, entries: Sequence[Entry]) -> None:
    """Write entries, in the caller's transaction; the caller sees to it that each comes once."""
    if entries:
        await connection.execute(
            _ADD,
            [new_id() for _ in entries],
            [entry.customer_id for entry in entries],
            [entry.occurred_at for entry in entries],
            [entry.kind for entry in entries],
            [entry.source for entry in entries],
            [orjson.dumps(entry.details, default=str).decode() if entry.details else None for entry in entries],
        )
