"""What a merge means for numbers, suggestions and disputes, and what undoing it gives back.

A file of its own: it is what this part gives to every merge (infra.context.CustomerPart).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from core.customers.errors import MergeChanged
from core.customers.linking.rules import CandidateState, Outcome
from core.customers.parts import PartKind
from infra import clock, database
from infra.context import CustomerPart
from infra.database import Connection
from infra.ids import new_id

# The same number on both sides stays where it is, so what was proven of it goes to the target's row.
_ALIKE = """
SELECT m.source, s.id AS source_row, t.id AS target_row, s.verified_at AS source_verified, s.held_at AS source_held,
       t.verified_at AS target_verified, t.held_at AS target_held
FROM unnest($1::uuid[], $2::uuid[]) AS m (source, target)
JOIN customer_phone s ON s.customer_id = m.source AND s.verified_at IS NOT NULL
JOIN customer_phone t ON t.customer_id = m.target AND t.label = s.label AND t.number = s.number
    AND t.contact_id IS NOT DISTINCT FROM s.contact_id
"""

_PROVEN = "SELECT id, verified_at, held_at FROM customer_phone WHERE id = ANY($1::uuid[])"

# Opened since about a number that goes back with the source.
_DISPUTED = """
SELECT EXISTS (
    SELECT FROM phone_dispute d JOIN customer_phone p ON p.customer_id = $1 AND p.number = d.number
    WHERE d.settled_at IS NULL AND $2 IN (d.former_id, d.newcomer_id) AND d.id <> ALL($3::uuid[])
      AND NOT EXISTS (SELECT FROM customer_phone t WHERE t.customer_id = $2 AND t.number = d.number))
"""

_UNPROVE = "UPDATE customer_phone SET verified_at = NULL, held_at = NULL WHERE id = ANY($1::uuid[])"

_PROVE = """
UPDATE customer_phone p SET verified_at = s.verified_at, held_at = s.held_at
FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) AS s (id, verified_at, held_at) WHERE p.id = s.id
"""

_DECIDE = """
UPDATE merge_candidate c SET state = $3, decided_at = $4 FROM unnest($1::uuid[], $2::uuid[]) AS m (source, target)
WHERE c.one_id = LEAST(m.source, m.target) AND c.other_id = GREATEST(m.source, m.target) AND c.state <> $3
"""

# Who looked like the source, or was found to be somebody else, does or is so to the target from now on.
_HEIRS = """
SELECT LEAST(x.other, m.target) AS one, GREATEST(x.other, m.target) AS other, c.reason, c.state, c.found_at,
       c.decided_by, c.decided_at
FROM unnest($1::uuid[], $2::uuid[]) AS m (source, target)
JOIN merge_candidate c ON (c.one_id = m.source OR c.other_id = m.source) AND c.state <> 'merged'
CROSS JOIN LATERAL (SELECT CASE WHEN c.one_id = m.source THEN c.other_id ELSE c.one_id END AS other) x
WHERE x.other <> m.target
"""

_INHERIT = """
INSERT INTO merge_candidate (id, one_id, other_id, reason, state, found_at, decided_by, decided_at)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::timestamptz[], $7::uuid[],
                     $8::timestamptz[])
ON CONFLICT (one_id, other_id) DO NOTHING
"""

_SETTLE = """
UPDATE phone_dispute d SET outcome = $3, settled_at = $4 FROM unnest($1::uuid[], $2::uuid[]) AS m (source, target)
WHERE d.settled_at IS NULL AND LEAST(d.former_id, d.newcomer_id) = LEAST(m.source, m.target)
  AND GREATEST(d.former_id, d.newcomer_id) = GREATEST(m.source, m.target)
RETURNING m.source, d.id
"""

_REPOINT = """
UPDATE phone_dispute d SET former_id = CASE WHEN d.former_id = m.source THEN m.target ELSE d.former_id END,
    newcomer_id = CASE WHEN d.newcomer_id = m.source THEN m.target ELSE d.newcomer_id END
FROM unnest($1::uuid[], $2::uuid[]) AS m (source, target)
WHERE d.settled_at IS NULL AND (d.former_id = m.source OR d.newcomer_id = m.source)
  AND NOT EXISTS (SELECT FROM phone_dispute o
                  WHERE o.number = d.number AND o.former_id = m.target AND o.settled_at IS NULL)
RETURNING m.source, d.id
"""

# What could not be pointed anew is the target's own dispute about the same number.
_SAME = """
UPDATE phone_dispute SET outcome = $2, settled_at = $3
WHERE settled_at IS NULL AND (former_id = ANY($1::uuid[]) OR newcomer_id = ANY($1::uuid[]))
RETURNING CASE WHEN former_id = ANY($1::uuid[]) THEN former_id ELSE newcomer_id END AS source, id
"""

_TIMES = ("source_verified", "source_held", "target_verified", "target_held")

_REOPEN = "UPDATE phone_dispute SET outcome = NULL, settled_at = NULL WHERE id = ANY($1::uuid[])"

_POINT_BACK = """
UPDATE phone_dispute d SET former_id = CASE WHEN d.former_id = $3 THEN $2 ELSE d.former_id END,
    newcomer_id = CASE WHEN d.newcomer_id = $3 THEN $2 ELSE d.newcomer_id END
WHERE d.id = ANY($1::uuid[])
"""
_DATA = """
SELECT (SELECT COALESCE(jsonb_agg(jsonb_build_object('kind', kind, 'value', value) ORDER BY kind, value), '[]')
        FROM customer_key WHERE customer_id = $1) AS keys,
       (SELECT COALESCE(jsonb_agg(jsonb_build_object('door', door, 'at', occurred_at) ORDER BY occurred_at, id), '[]')
        FROM customer_arrival WHERE customer_id = $1) AS arrivals
"""


async def merge(connection: Connection, targets: Mapping[UUID, UUID]) -> dict[UUID, Any]:
    """Make what was proven, suggested and disputed of the sources the targets'; what changed, by source."""
    pairs = list(targets), list(targets.values())
    now = clock.now()
    alike = await connection.fetch(_ALIKE, *pairs)
    await connection.execute(_UNPROVE, [row["source_row"] for row in alike])
    await _prove(connection, [(row["target_row"], *_together(row)) for row in alike])
    answers: dict[UUID, Any] = {source: {"phones": [], "settled": [], "repointed": []} for source in targets}
    for row in alike:
        answers[row["source"]]["phones"].append(dict(row))
    for row in await connection.fetch(_SETTLE, *pairs, Outcome.SAME_PERSON.value, now):
        answers[row["source"]]["settled"].append(row["id"])
    for row in await connection.fetch(_REPOINT, *pairs):
        answers[row["source"]]["repointed"].append(row["id"])
    for row in await connection.fetch(_SAME, list(targets), Outcome.SAME_PERSON.value, now):
        answers[row["source"]]["settled"].append(row["id"])
    await connection.execute(_DECIDE, *pairs, CandidateState.MERGED.value, now)
    heirs = await connection.fetch(_HEIRS, *pairs)
    columns = "one", "other", "reason", "state", "found_at", "decided_by", "decided_at"
    await connection.execute(_INHERIT, [new_id() for _ in heirs], *([row[name] for row in heirs] for name in columns))
    return answers


async def unmerge(connection: Connection, source: UUID, target: UUID, answer: Mapping[str, Any]) -> None:
    """Give it back. Raises MergeChanged when it is another's number by now, and was the source's."""
    if await connection.fetchval(_DISPUTED, source, target, answer["repointed"]):
        raise MergeChanged({"what": "phone_dispute"})
    rows = [row | {name: _at(row[name]) for name in _TIMES} for row in answer["phones"]]
    found = await connection.fetch(_PROVEN, [row["target_row"] for row in rows])
    proven = {str(row["id"]): (row["verified_at"], row["held_at"]) for row in found}
    theirs = [(row["target_row"], row["target_verified"], _held(row, proven.get(row["target_row"]))) for row in rows]
    await connection.execute(_UNPROVE, [row["target_row"] for row in rows])
    await _prove(connection, [(row["source_row"], row["source_verified"], row["source_held"]) for row in rows])
    await _prove(connection, theirs)
    await connection.execute(_REOPEN, answer["settled"])
    await connection.execute(_POINT_BACK, answer["repointed"], source, target)


def _held(row: Mapping[str, Any], proven: tuple[datetime, datetime | None] | None) -> datetime | None:
    """Until when the number is the target's again; somebody else may have proved it since. Raises MergeChanged."""
    left = _together(row)
    if proven == left:
        found: datetime | None = row["target_held"]
        return found
    if proven is None or proven[0] != left[0] or left[1] or row["source_held"] is None:
        raise MergeChanged({"what": "customer_phone"})
    return proven[1]


def _together(row: Mapping[str, Any] | asyncpg.Record) -> tuple[datetime, datetime | None]:
    """Since when the number was proven to be that of the two who are one, and until when."""
    since = [at for at in (row["source_verified"], row["target_verified"]) if at]
    held = [row["source_held"]] + ([row["target_held"]] if row["target_verified"] else [])
    return min(since), None if None in held else max(held)


async def _prove(connection: Connection, rows: Sequence[tuple[UUID, datetime | None, datetime | None]]) -> None:
    await connection.execute(_PROVE, [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows])


def _at(stored: str | None) -> datetime | None:
    return datetime.fromisoformat(stored) if stored else None


async def _data(customer_id: UUID) -> Any:
    rows = await database.fetch(_DATA, customer_id)
    return {name: orjson.loads(rows[0][name]) for name in ("keys", "arrivals")}


PART = CustomerPart(
    name="customers.linking",
    title="号码与编号",
    kind=PartKind.IDENTITIES,
    tables=("customer_phone", "customer_key", "customer_arrival"),
    merge=merge,
    unmerge=unmerge,
    data=_data,
)
