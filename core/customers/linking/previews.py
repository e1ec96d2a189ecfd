"""What a merge would do, shown before it is done; a fingerprint tells whether it is still so.

A file of its own: it only reads, but also inside the transaction that merges.
"""

from typing import Any
from uuid import UUID

import asyncpg
import orjson

from core.customers import moving, parts
from core.customers.joining import ROOT_TABLES
from core.customers.linking.schemas import MergeWarning, MovingOut, PreviewOut
from infra import crypto
from infra.context import CustomerPart
from infra.database import Connection

_IDENTITIES = MovingOut(name="identities", title="微信身份、触点与动态", rows=0)

_SIDES = """
SELECT c.id, c.guide_id, c.merged_into_id, p.name, p.name_key, p.nature, p.version,
       EXISTS (SELECT FROM identity i WHERE i.customer_id = c.id) AS on_wechat
FROM customer c LEFT JOIN customer_profile p ON p.customer_id = c.id WHERE c.id = ANY($1::uuid[])
"""

# What both records say, and say differently.
_CONFLICTS = """
SELECT t.key FROM customer_profile a, customer_profile b, jsonb_each(to_jsonb(a)) t, jsonb_each(to_jsonb(b)) s
WHERE a.customer_id = $1 AND b.customer_id = $2 AND t.key = s.key AND t.value <> s.value
  AND jsonb_typeof(t.value) <> 'null' AND jsonb_typeof(s.value) <> 'null'
  AND t.key <> ALL(ARRAY['customer_id', 'name_key', 'sources', 'custom', 'version', 'created_by', 'created_at',
                         'updated_at'])
ORDER BY t.key
"""

_DISPUTED = """
SELECT EXISTS (SELECT FROM phone_dispute WHERE settled_at IS NULL AND former_id = ANY($1::uuid[])
               AND newcomer_id = ANY($1::uuid[]))
"""


async def preview(connection: Connection, target: UUID, source: UUID) -> PreviewOut:
    """What would move from one standing customer to another."""
    rows = {row["id"]: row for row in await connection.fetch(_SIDES, [target, source])}
    moves = [one for one in [await _root(connection, source), *await _parts(connection, source)] if one.rows]
    conflicts = [row["key"] for row in await connection.fetch(_CONFLICTS, target, source)]
    disputed: bool = await connection.fetchval(_DISPUTED, [target, source])
    facts = [dict(rows[target]), dict(rows[source]), [one.model_dump() for one in moves], conflicts, disputed]
    return PreviewOut(
        target_id=target,
        source_id=source,
        moving=moves,
        conflicts=conflicts,
        warnings=_warnings(rows[target], rows[source], disputed=disputed),
        fingerprint=_fingerprint(facts),
    )


def _fingerprint(facts: list[Any]) -> str:
    return crypto.digest("merge", orjson.dumps(facts, default=str).decode()).hex()


async def _root(connection: Connection, source: UUID) -> MovingOut:
    rows = sum([await moving.count(connection, table, source) for table in ROOT_TABLES])
    return _IDENTITIES.model_copy(update={"rows": rows})


async def _parts(connection: Connection, source: UUID) -> list[MovingOut]:
    return [
        MovingOut(name=part.name, title=part.title, rows=await _rows(connection, part, source))
        for part in parts.registered()
    ]


async def _rows(connection: Connection, part: CustomerPart, source: UUID) -> int:
    if part.counts is not None:
        return (await part.counts(connection, [source])).get(source, 0)
    return sum([await moving.count(connection, table, source) for table in part.tables])


def _warnings(target: asyncpg.Record, source: asyncpg.Record, *, disputed: bool) -> list[MergeWarning]:
    both = (target, source)
    owners = {side["guide_id"] for side in both if side["guide_id"]}
    found = {
        MergeWarning.TWO_MEMBERS: all(side["on_wechat"] for side in both),
        MergeWarning.DISPUTED: disputed,
        MergeWarning.OTHER_OWNER: len(owners) > 1,
        MergeWarning.OTHER_NAME: len({side["name_key"] for side in both if side["name_key"]}) > 1,
        MergeWarning.BUSINESS: len({side["nature"] for side in both if side["nature"]}) > 1,
    }
    return [warning for warning, there in found.items() if there]
