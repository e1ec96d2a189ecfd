"""Giving rows that hang on one customer to another one, and back: for any table, knowing only its unique keys.

A file of its own: what contexts hang on customers is registered by the name of its table (infra.context.CustomerPart).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from infra.database import Connection

# What a customer may have once only, besides the columns named: a second one stays where it is.
_UNIQUE = """
SELECT ARRAY(SELECT a.attname::text FROM unnest(x.indkey) AS k (number)
             JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.number
             WHERE a.attname <> 'customer_id') AS columns,
       x.indnullsnotdistinct AS nulls_alike, pg_get_expr(x.indpred, x.indrelid) AS predicate
FROM pg_index x WHERE x.indrelid = $1::regclass AND x.indisunique AND x.indexprs IS NULL AND EXISTS (
    SELECT FROM pg_attribute a WHERE a.attrelid = x.indrelid AND a.attnum = ANY(x.indkey) AND a.attname = 'customer_id')
"""

_MOVE = """
UPDATE {table} t SET customer_id = m.target FROM unnest($1::uuid[], $2::uuid[]) AS m (source, target)
WHERE t.customer_id = m.source {free} RETURNING t.id, m.source
"""

_TAKEN = """AND NOT EXISTS (
    SELECT FROM (SELECT * FROM {table} WHERE {predicate}) o WHERE o.customer_id = m.target {alike}
        AND EXISTS (SELECT FROM (SELECT t.*) own WHERE {predicate}))
"""

_STAYED = "SELECT id, customer_id FROM {table} WHERE customer_id = ANY($1::uuid[])"

_COUNT = "SELECT count(*) FROM {table} WHERE customer_id = $1"

_STILL_THERE = "SELECT count(*) FROM {table} WHERE customer_id = $1 AND id::text = ANY($2::text[])"

_GIVE_BACK = "UPDATE {table} SET customer_id = $3 WHERE customer_id = $1 AND id::text = ANY($2::text[])"

_moves: dict[str, tuple[str, bool]] = {}


async def move(
    connection: Connection, table: str, targets: Mapping[UUID, UUID]
) -> tuple[dict[UUID, list[Any]], dict[UUID, list[Any]]]:
    """Give the rows of each source to its target (no two sources share one).

    The ids of what moved, and of what stayed since the target has one of the kind already, by source.
    """
    moved, stayed = defaultdict[UUID, list[Any]](list), defaultdict[UUID, list[Any]](list)
    statement, may_stay = await _move(connection, table)
    for row in await connection.fetch(statement, list(targets), list(targets.values())):
        moved[row["source"]].append(row["id"])
    if may_stay:
        for row in await connection.fetch(_STAYED.format(table=table), list(targets)):
            stayed[row["customer_id"]].append(row["id"])
    return moved, stayed


async def count(connection: Connection, table: str, customer_id: UUID) -> int:
    """How many rows hang on a customer."""
    number: int = await connection.fetchval(_COUNT.format(table=table), customer_id)
    return number


async def still_there(connection: Connection, table: str, customer_id: UUID, ids: Sequence[Any]) -> bool:
    """Whether all these rows hang on a customer."""
    found: int = await connection.fetchval(_STILL_THERE.format(table=table), customer_id, [str(one) for one in ids])
    return found == len(ids)


async def give_back(connection: Connection, table: str, source: UUID, target: UUID, ids: Sequence[Any]) -> None:
    """Give rows of `target` back to `source`."""
    await connection.execute(_GIVE_BACK.format(table=table), target, [str(one) for one in ids], source)


async def _move(connection: Connection, table: str) -> tuple[str, bool]:
    """The statement for a table, and whether rows may stay; its unique keys don't change while we run."""
    if table not in _moves:
        keys = await connection.fetch(_UNIQUE, table)
        statement = _MOVE.format(table=table, free=" ".join(_taken(table, key) for key in keys))
        _moves[table] = statement, bool(keys)
    return _moves[table]


def _taken(table: str, key: asyncpg.Record) -> str:
    equal = "IS NOT DISTINCT FROM" if key["nulls_alike"] else "="
    alike = "".join(f' AND o."{column}" {equal} t."{column}"' for column in key["columns"])
    return _TAKEN.format(table=table, predicate=key["predicate"] or "true", alike=alike)
