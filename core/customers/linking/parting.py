"""Taking back what a number alone joined, when the number turns out to be two people's: nobody gets what is another's.

A file of its own: it follows the opening of a dispute.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from core.customers import indexing, parts
from core.customers.errors import MergeChanged
from core.customers.linking import evidence, undoing
from core.customers.linking.rules import DATED, Door, Known, LinkedBy, holder_at
from infra.database import Connection

# What became part of a member by this number alone, newest first.
_JOINED = """
SELECT id, source_id, target_id FROM customer_merge
WHERE target_id = ANY($1::uuid[]) AND reason = 'phone' AND undone_at IS NULL AND moved->>'phone' = $2
ORDER BY merged_at DESC, id DESC
"""

_MOVED_ARRIVALS = """
SELECT a.door, a.occurred_at FROM customer_arrival a JOIN customer_merge m ON m.id = $1
WHERE a.customer_id = m.target_id AND a.id::text IN (
    SELECT jsonb_array_elements_text(m.moved->'tables'->'customer_arrival'))
"""

_ARRIVALS = """
SELECT source, customer_id, door, occurred_at, name FROM customer_arrival
WHERE customer_id = ANY($1::uuid[]) AND phone = $2 AND linked_by = $3
"""

_HAND_ON = """
UPDATE customer_arrival a SET customer_id = m.target FROM unnest($1::uuid[], $2::uuid[]) AS m (source, target)
WHERE a.source = m.source
"""


async def part(connection: Connection, number: str) -> None:
    """Two members proved this number, and everyone who has it is locked: part what may be the other's.

    Customers whom the number joined to a member stand alone again, unless all that came of them happened while the
    number was the member's. What happened at a time goes to whose the number was then. What can't be taken back any
    more stays, with the dispute, for a person to see to.
    """
    found = (await evidence.numbers(connection, [number])).people[number]
    members = [one for one in found if one.on_wechat and one.verified_at]
    digest = evidence.phone_digest(number)
    for merge in await connection.fetch(_JOINED, [one.customer_id for one in members], digest.hex()):
        came = await connection.fetch(_MOVED_ARRIVALS, merge["id"])
        if not _all_theirs(merge["target_id"], came, members):
            await _take_back(connection, merge["id"])
    found = (await evidence.numbers(connection, [number])).people[number]
    ids = [one.customer_id for one in found]
    arrivals = await connection.fetch(_ARRIVALS, ids, digest, LinkedBy.PHONE.value)
    await _hand_on(connection, _rightful(arrivals, found))
    indexing.changed(ids)


def _all_theirs(target: UUID, arrivals: Sequence[asyncpg.Record], members: Sequence[Known]) -> bool:
    return bool(arrivals) and all(_holder(one["door"], one["occurred_at"], members) == target for one in arrivals)


def _holder(door: str, at: datetime, people: Collection[Known]) -> UUID | None:
    holder = holder_at(people, at) if Door(door) in DATED else None
    return holder.customer_id if holder else None


async def _take_back(connection: Connection, merge_id: UUID) -> None:
    savepoint = connection.transaction()
    await savepoint.start()
    try:
        await undoing.undo(connection, merge_id, None)
    except MergeChanged:
        await savepoint.rollback()
    else:
        await savepoint.commit()


def _rightful(arrivals: Sequence[asyncpg.Record], people: Sequence[Known]) -> dict[UUID, UUID]:
    """Whose each arrival is, by source, of those that lie with somebody else."""
    members = [one for one in people if one.on_wechat]
    named = {name: one.customer_id for one in people if not one.on_wechat for name in one.names}
    found = dict[UUID, UUID]()
    for arrival in arrivals:
        lies = arrival["customer_id"]
        owner = _holder(arrival["door"], arrival["occurred_at"], members)
        if owner is None and any(one.customer_id == lies for one in members):
            owner = named.get(arrival["name"])
        if owner is not None and owner != lies:
            found[arrival["source"]] = owner
    return found


async def _hand_on(connection: Connection, owners: Mapping[UUID, UUID]) -> None:
    if not owners:
        return
    await connection.execute(_HAND_ON, list(owners), list(owners.values()))
    for registered in parts.registered():
        if registered.reassign is not None:
            await registered.reassign(connection, owners)
