"""Suggestions that two customers may be one person: what only looks alike is never joined by itself.

A file of its own: the duplicate check, imports and the weighing of numbers all suggest.
"""

from collections.abc import Collection
from uuid import UUID

from infra import clock
from infra.database import Connection
from infra.ids import new_id

_SUGGEST = """
INSERT INTO merge_candidate (id, one_id, other_id, reason, state, found_at)
SELECT DISTINCT ON (one, other) id, one, other, $4, 'open', $5
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS c (id, one, other) ORDER BY one, other
ON CONFLICT (one_id, other_id) DO NOTHING
"""


async def suggest(connection: Connection, pairs: Collection[tuple[UUID, UUID]], reason: str) -> None:
    """Note that the two of each pair may be one person, once; what was decided about them stays decided."""
    ordered = sorted((min(pair), max(pair)) for pair in pairs if pair[0] != pair[1])
    if ordered:
        await connection.execute(
            _SUGGEST,
            [new_id() for _ in ordered],
            [one for one, _ in ordered],
            [other for _, other in ordered],
            reason,
            clock.now(),
        )
