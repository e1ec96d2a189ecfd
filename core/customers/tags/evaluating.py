"""Rule tags: who is found by the rule has the tag, whoever dies or runs twice.

A file of its own: the service is what colleagues do, this is what rules do. One process evaluates a tag at a time: it
goes through the customers by their numbers, a window at a time, so that no statement takes long however many there are;
what changes is written in chunks under the customers' locks, each looked at again there. A tag stays due until all of
it is done.
"""

import time
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from core.customers import indexing, ownership
from core.customers.search import queries as search
from core.customers.search.schemas import CustomerFilters
from core.organisation.scopes import Values
from infra import alerts, clock, database
from infra.database import retry_on_conflict, transaction
from infra.logging import logger
from infra.parameters import Parameter

EVERY_MINUTES = Parameter(
    name="tags.evaluate_minutes",
    default=60,
    least=1,
    most=10_080,
    help="规则标签每隔多久重新计算一次",
    english="Tags by rule are worked out anew every so often",
    unit="分钟",
)

_CHUNK = 1_000
# So many numbers of customers are looked at in one statement, and as many ids are in memory at most.
_WINDOW = 131_072
# The job gives others a turn after this long; a tag that isn't done by then waits behind its like.
_SLICE_SECONDS = 240.0

# New and changed ones first: somebody waits for them.
_DUE = "SELECT id FROM tag WHERE evaluate_at <= $1 ORDER BY evaluated_at IS NOT NULL, evaluate_at, id"

_TAG = "SELECT rule, version, deleted_at FROM tag WHERE id = $1 AND evaluate_at <= $2"

_LAST = "SELECT COALESCE(max(number), 0) FROM customer"

# EXCEPT, not NOT EXISTS: of a tag just given to many the planner thinks that nobody has it, and would compare all with
# all.
_BEARERS = """
SELECT t.customer_id AS id FROM customer_tag t JOIN customer w ON w.id = t.customer_id
WHERE t.tag_id = $1 AND w.number >= {first}::bigint AND w.number < {end}::bigint
"""

_AMONG = "SELECT id FROM ({matching}) AS m (id) WHERE id = ANY({ids}::uuid[])"

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
_LATER = "UPDATE tag SET evaluate_at = $3 WHERE id = $1 AND version = $2"


class _OutOfTime(Exception):
    """Others are to have their turn."""


async def evaluate_due() -> int:
    """Evaluate each tag that is due and nobody else is evaluating; returns how many customers got or lost one."""
    changed, until = 0, time.monotonic() + _SLICE_SECONDS
    for row in await database.fetch(_DUE, clock.now()):
        if time.monotonic() > until:
            break
        async with database.exclusive(f"tag:{row['id']}") as held:
            if held:
                changed += await _evaluate(row["id"], until)
    return changed


async def _evaluate(tag_id: UUID, until: float) -> int:
    started = clock.now()
    tag = await database.fetch_one(_TAG, tag_id, started)
    if tag is None:
        return 0
    changed, again = 0, started + timedelta(minutes=await EVERY_MINUTES.get())
    try:
        async for number in _change_all(tag_id, tag, started, until):
            changed += number
    except (_OutOfTime, *database.CONFLICTS):
        await database.execute(_LATER, tag_id, tag["version"], clock.now())
        return changed
    except Exception as error:
        if database.is_outage(error):
            raise
        # One rule that can't be asked keeps no other from being evaluated; its bearers stay as they are.
        logger().exception("tag_not_evaluated", tag_id=str(tag_id))
        await alerts.raise_alert("tags.not_evaluated", str(tag_id), type(error).__name__)
        await database.execute(_LATER, tag_id, tag["version"], again)
        return changed
    await database.execute(_DONE, tag_id, tag["version"], started, again)
    return changed


async def _change_all(tag_id: UUID, tag: asyncpg.Record, at: datetime, until: float) -> AsyncIterator[int]:
    """Take and give the tag as the rule wants it, window by window; how many customers that changed each time."""
    last = (await database.fetch(_LAST))[0][0]
    for giving in (False, True) if tag["deleted_at"] is None else (False,):
        for first in range(0, last + 1, _WINDOW):
            if time.monotonic() > until:
                raise _OutOfTime
            values = Values(tag_id)
            changes = _changes(tag, values, range(first, first + _WINDOW), giving=giving)
            ids = sorted(row["id"] for row in await database.fetch(changes, *values))
            for chunk in _chunks(ids):
                yield await _write(tag_id, tag, chunk, at, giving=giving)


def _changes(tag: asyncpg.Record, values: Values, numbers: range, *, giving: bool) -> str:
    """SQL of who is to get the tag, or to lose it, among those with these numbers; `$1` is its id."""
    matching = _matching(tag, values, numbers)
    bearers = _BEARERS.format(first=values.put(numbers.start), end=values.put(numbers.stop))
    return f"{matching} EXCEPT {bearers}" if giving else f"{bearers} EXCEPT {matching}"


def _matching(tag: asyncpg.Record, values: Values, numbers: range | None = None) -> str:
    """SQL of whom the rule finds; nobody once the tag is deleted, so that those who have it by hand lose it too."""
    if tag["deleted_at"] is not None:
        return "SELECT NULL::uuid AS id WHERE false"
    return search.matching_sql(CustomerFilters.model_validate_json(tag["rule"]), values.put, numbers)


@retry_on_conflict
async def _write(tag_id: UUID, tag: asyncpg.Record, chunk: Sequence[UUID], at: datetime, *, giving: bool) -> int:
    async with transaction() as connection:
        await ownership.hold(connection, chunk)
        values = Values()
        among = _AMONG.format(matching=_matching(tag, values), ids=values.put(list(chunk)))
        found = {row["id"] for row in await connection.fetch(among, *values)}
        ids = [one for one in chunk if (one in found) is giving]
        await connection.execute(*((_GIVE, ids, tag_id, at) if giving else (_TAKE, ids, tag_id)))
        indexing.changed(ids)
    return len(ids)


def _chunks(ids: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    return (ids[start : start + _CHUNK] for start in range(0, len(ids), _CHUNK))
