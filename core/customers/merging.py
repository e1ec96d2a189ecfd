"""What the platform says about people, and the merge of customers who turn out to be one person: a set function."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from core.customers import people
from core.customers.events import CustomersMerged
from core.customers.rules import ContactKind, Order, Profile, Side, connected, guide_after_merge, order_of
from core.organisation import queries as organisation
from infra import clock, crypto
from infra.database import Connection
from infra.ids import new_id
from infra.outbox import publish

_SAME_UNIONID = "unionid"

# Within the second in which a person left or followed, the platform's word about the present proves nothing.
_LEARN = """
UPDATE identity i SET unionid = COALESCE(s.unionid, i.unionid), profiled_at = s.profiled_at,
    ask_at = CASE WHEN s.lease IS NULL OR i.ask_at = s.lease THEN NULL ELSE i.ask_at END,
    subscribe_scene = COALESCE(s.subscribe_scene, i.subscribe_scene),
    following = i.following OR (s.follows AND i.state_at < s.profiled_at),
    state_at = CASE WHEN s.follows AND NOT i.following THEN GREATEST(i.state_at, s.profiled_at) ELSE i.state_at END
FROM unnest($1::bytea[], $2::text[], $3::text[], $4::timestamptz[], $5::bool[], $6::timestamptz[])
    AS s (digest, unionid, subscribe_scene, profiled_at, follows, lease) WHERE i.digest = s.digest
"""

_FOLLOW = """
UPDATE customer c SET following = true FROM identity i
WHERE i.customer_id = c.id AND i.digest = ANY($1::bytea[]) AND i.following AND NOT c.following
"""

_ONE_PERSON = """
SELECT array_agg(DISTINCT customer_id) AS customers FROM identity WHERE unionid = ANY($1::text[])
GROUP BY unionid HAVING count(DISTINCT customer_id) > 1
"""

_CUSTOMERS = "SELECT id, guide_id, is_staff FROM customer WHERE id = ANY($1::uuid[])"

_TOUCHES = """
SELECT id, customer_id, kind, occurred_at, source, guide_id, is_first FROM touch WHERE customer_id = ANY($1::uuid[])
"""

# For the tables that hang on a customer; each row says where it came from.
_MOVE = """
UPDATE {table} t SET customer_id = m.target FROM unnest($1::uuid[], $2::uuid[]) AS m (source, target)
WHERE t.customer_id = m.source RETURNING t.id, m.source
"""

_SURVIVE = """
UPDATE customer c SET guide_id = s.guide_id, is_staff = s.is_staff,
    following = EXISTS (SELECT 1 FROM identity i WHERE i.customer_id = c.id AND i.following)
FROM unnest($1::uuid[], $2::uuid[], $3::bool[]) AS s (id, guide_id, is_staff) WHERE c.id = s.id
"""

_LEAVE = """
UPDATE customer c SET merged_into_id = m.target, following = false
FROM unnest($1::uuid[], $2::uuid[]) AS m (source, target) WHERE c.id = m.source
"""

_NOTE = """
INSERT INTO customer_merge (id, source_id, target_id, reason, moved, merged_at)
SELECT id, source, target, $5, moved::jsonb, $6
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[]) AS m (id, source, target, moved)
"""


async def learn_profiles(connection: Connection, profiles: Sequence[Profile]) -> int:
    """Keep what the platform said about people; returns how many customers became part of another one.

    The same unionid is the same person: their customers are merged. Runs in the caller's transaction, which holds no
    lock of a customer yet. Who isn't known is left out; the same profile again changes nothing.
    """
    unionids = {profile.unionid for profile in profiles if profile.unionid}
    await _hold(connection, unionids)
    await people.lock(connection, {profile.identity for profile in profiles}, unionids)
    await connection.execute(
        _LEARN,
        [profile.identity for profile in profiles],
        [profile.unionid for profile in profiles],
        [profile.subscribe_scene for profile in profiles],
        [profile.profiled_at for profile in profiles],
        [profile.follows for profile in profiles],
        [profile.lease for profile in profiles],
    )
    await connection.execute(_FOLLOW, [profile.identity for profile in profiles])
    same = await connection.fetch(_ONE_PERSON, list(unionids))
    # The driver's own class of ids is none that events can carry.
    groups = connected([UUID(int=one.int) for one in row["customers"]] for row in same)
    return await _merge(connection, groups) if groups else 0


async def _hold(connection: Connection, unionids: Iterable[str]) -> None:
    """Whoever learns of a unionid in one account takes turns with whoever learns of it in another."""
    keys = sorted(int.from_bytes(crypto.digest(_SAME_UNIONID, unionid)[:8], "big", signed=True) for unionid in unionids)
    await connection.execute("SELECT pg_advisory_xact_lock(key) FROM unnest($1::bigint[]) AS key", keys)


async def _merge(connection: Connection, groups: Sequence[set[UUID]]) -> int:
    """Join the customers of each group in the oldest one; all of them are locked."""
    targets = {source: min(group) for group in groups for source in group if source != min(group)}
    everybody = list(set().union(*groups))
    former = {row["id"]: row for row in await connection.fetch(_CUSTOMERS, everybody)}
    touches = defaultdict[UUID, list[asyncpg.Record]](list)
    for touch in await connection.fetch(_TOUCHES, everybody):
        touches[touch["customer_id"]].append(touch)

    moved = await _move(connection, targets, groups, touches)
    await _survive(connection, groups, former, touches)
    sources = list(targets)
    await connection.execute(_LEAVE, sources, [targets[source] for source in sources])
    for source in sources:
        moved[source] |= {
            "source": _before(former[source], touches[source]),
            "target": _before(former[targets[source]], touches[targets[source]]),
        }
    await connection.execute(
        _NOTE,
        [new_id() for _ in sources],
        sources,
        [targets[source] for source in sources],
        [orjson.dumps(moved[source], default=str).decode() for source in sources],
        _SAME_UNIONID,
        clock.now(),
    )
    await publish(
        *(CustomersMerged(source_id=source, target_id=targets[source], reason=_SAME_UNIONID) for source in sources)
    )
    return len(sources)


async def _move(
    connection: Connection,
    targets: Mapping[UUID, UUID],
    groups: Sequence[set[UUID]],
    touches: Mapping[UUID, list[asyncpg.Record]],
) -> dict[UUID, dict[str, Any]]:
    """Give the survivors what hung on the others; what moved, by table, of each of these."""
    firsts = [min(found, key=_order)["id"] for group in groups if (found := _of(group, touches))]
    # All step down before any is moved: there is one first touch per customer at any moment.
    former = [touch["id"] for group in groups for touch in _of(group, touches) if touch["is_first"]]
    await connection.execute("UPDATE touch SET is_first = false WHERE id = ANY($1::uuid[])", former)
    moved: dict[UUID, dict[str, Any]] = {source: {"identity": [], "touch": [], "timeline": []} for source in targets}
    for table in ("identity", "touch", "timeline"):
        for row in await connection.fetch(_MOVE.format(table=table), list(targets), list(targets.values())):
            moved[row["source"]][table].append(row["id"])
    await connection.execute("UPDATE touch SET is_first = true WHERE id = ANY($1::uuid[])", firsts)
    return moved


async def _survive(
    connection: Connection,
    groups: Sequence[set[UUID]],
    former: Mapping[UUID, asyncpg.Record],
    touches: Mapping[UUID, list[asyncpg.Record]],
) -> None:
    guides = {row["guide_id"] for row in former.values() if row["guide_id"]}
    gone = await organisation.left_among(connection, guides) if guides else set[UUID]()
    await connection.execute(
        _SURVIVE,
        [min(group) for group in groups],
        [guide_after_merge((_side(former[one], touches[one]) for one in sorted(group)), gone) for group in groups],
        [any(former[one]["is_staff"] for one in group) for group in groups],
    )


def _side(customer: asyncpg.Record, touches: list[asyncpg.Record]) -> Side:
    # A guide who never met the person was given the fan: that counts from the beginning.
    earning = [touch for touch in touches if touch["guide_id"] == customer["guide_id"]] or touches
    return Side(customer["guide_id"], min(map(_order, earning), default=None))


def _order(touch: asyncpg.Record) -> Order:
    return order_of(ContactKind(touch["kind"]), touch["occurred_at"], touch["source"])


def _of(group: Iterable[UUID], touches: Mapping[UUID, list[asyncpg.Record]]) -> list[asyncpg.Record]:
    return [touch for one in group for touch in touches[one]]


def _before(customer: asyncpg.Record, touches: Iterable[asyncpg.Record]) -> dict[str, Any]:
    first = next((touch["id"] for touch in touches if touch["is_first"]), None)
    return {"guide_id": customer["guide_id"], "is_staff": customer["is_staff"], "first_touch_id": first}
