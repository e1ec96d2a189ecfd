"""Rule tags: who is found by the rule has the tag, whoever dies or runs twice.

A file of its own: the service is what colleagues do, this is what rules do. One process evaluates a tag at a time; what
changes is found at once, then written in chunks under the customers' locks, each looked at again there. A tag stays due
until all of it is done.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from core.customers import indexing, ownership
from core.customers.search import queries as search
from core.customers.search.schemas import CustomerFilters
from core.organisation.scopes import Values
from infra import clock, database
from infra.database import retry_on_conflict, transaction
from infra.errors import DomainError
from infra.logging import logger
from infra.parameters import Parameter

EVERY_MINUTES = Parameter(
    name="tags.evaluate_minutes", default=60, least=1, most=10_080, help="规则标签每隔多久重新计算一次", unit="分钟"
)

_CHUNK = 1_000
# So many ids are in memory at once; the rule is asked again for the next ones.
_ROUND = 50_000

_DUE = "SELECT id FROM tag WHERE evaluate_at <= $1 ORDER BY evaluate_at, id"

_TAG = "SELECT rule, version, deleted_at FROM tag WHERE id = $1 AND evaluate_at <= $2"

# A deleted tag is given back by everybody, also by those who have it by hand.
_DROPPED = """
SELECT t.customer_id AS id FROM customer_tag t WHERE t.tag_id = $1 AND {own}
    AND NOT EXISTS (SELECT FROM ({matching}) AS m (id) WHERE m.id = t.customer_id)
"""

_ADDED = """
SELECT m.id FROM ({matching}) AS m (id)
WHERE NOT EXISTS (SELECT FROM customer_tag t WHERE t.tag_id = $1 AND t.customer_id = m.id)
"""

_NEXT = "SELECT id FROM ({changes}) AS c (id) WHERE {after} ORDER BY id LIMIT {limit}"

_STILL = "SELECT id FROM ({changes}) AS c (id) WHERE id = ANY({ids}::uuid[])"

_GIVE = """
INSERT INTO customer_tag (customer_id, tag_id, added_at) SELECT id, $2, $3 FROM unnest($1::uuid[]) AS id
ON CONFLICT (customer_id, tag_id) DO NOTHING
"""

_TAKE = "DELETE FROM customer_tag WHERE customer_id = ANY($1::uuid[]) AND tag_id = $2"

# Whoever changed it meanwhile made it due again.
_DONE = """
UPDATE tag SET evaluated_at = $3, evaluate_at = CASE WHEN deleted_at IS NULL THEN $4::timestamptz END
WHERE id = $1 AND version = $2
"""


async def evaluate_due() -> int:
    """Evaluate each tag that is due and nobody else is evaluating; returns how many customers got or lost one."""
    changed = 0
    for row in await database.fetch(_DUE, clock.now()):
        async with database.exclusive(f"tag:{row['id']}") as held:
            if held:
                changed += await _evaluate(row["id"])
    return changed


async def _evaluate(tag_id: UUID) -> int:
    started = clock.now()
    tag = await database.fetch_one(_TAG, tag_id, started)
    if tag is None:
        return 0
    changed = 0
    try:
        changed += await _change(tag_id, tag, started, giving=False)
        if tag["deleted_at"] is None:
            changed += await _change(tag_id, tag, started, giving=True)
    except DomainError as error:
        # One rule that can't be asked keeps no other from being evaluated; its bearers stay as they are.
        logger().warning("tag_not_evaluated", tag_id=str(tag_id), error=error.code)
    again = started + timedelta(minutes=await EVERY_MINUTES.get())
    await database.execute(_DONE, tag_id, tag["version"], started, again)
    return changed


async def _change(tag_id: UUID, tag: asyncpg.Record, at: datetime, *, giving: bool) -> int:
    """Give or take the tag where the rule wants it; returns how many."""
    changed, last = 0, None
    while True:
        values = Values(tag_id)
        changes = _changes(tag, values, giving=giving)
        after = "true" if last is None else f"id > {values.put(last)}"
        ids = [
            row["id"] for row in await database.fetch(_NEXT.format(changes=changes, after=after, limit=_ROUND), *values)
        ]
        for chunk in _chunks(ids):
            changed += await _write(tag_id, tag, chunk, at, giving=giving)
        if len(ids) < _ROUND:
            return changed
        last = ids[-1]


def _changes(tag: asyncpg.Record, values: Values, *, giving: bool) -> str:
    """SQL of who is to get the tag, or to lose it; `$1` is its id."""
    if tag["deleted_at"] is not None:
        return _DROPPED.format(own="true", matching="SELECT NULL::uuid WHERE false")
    matching = search.matching_sql(CustomerFilters.model_validate_json(tag["rule"]), values.put)
    return (_ADDED if giving else _DROPPED).format(own="t.added_by IS NULL", matching=matching)


@retry_on_conflict
async def _write(tag_id: UUID, tag: asyncpg.Record, chunk: Sequence[UUID], at: datetime, *, giving: bool) -> int:
    async with transaction() as connection:
        await ownership.hold(connection, chunk)
        values = Values(tag_id)
        changes = _changes(tag, values, giving=giving)
        still = _STILL.format(changes=changes, ids=values.put(list(chunk)))
        ids = [row["id"] for row in await connection.fetch(still, *values)]
        await connection.execute(*((_GIVE, ids, tag_id, at) if giving else (_TAKE, ids, tag_id)))
        indexing.changed(ids)
    return len(ids)


def _chunks(ids: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    return (ids[start : start + _CHUNK] for start in range(0, len(ids), _CHUNK))
