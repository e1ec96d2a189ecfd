"""Making customers one: everything that hangs on them moves, whatever the reason. A set function.

A file of its own: what the platform tells, numbers and keys, and colleagues all join customers here.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, fields
from enum import StrEnum
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from core.customers import indexing, moving, parts
from core.customers.events import CustomersMerged
from core.customers.ownership import Reason
from core.customers.rules import (
    ContactKind,
    Order,
    Side,
    Standing,
    guide_after_merge,
    order_of,
    standing_after_merge,
)
from core.customers.timeline import Entry, tell
from core.notices import service as notices
from core.notices.rules import NoticeKind
from core.notices.service import NewNotice
from core.organisation import queries as organisation
from infra import clock
from infra.database import Connection
from infra.ids import new_id
from infra.outbox import publish

JOINED = NoticeKind("customers.joined", title="客户已合并")
ROOT_TABLES = ("identity", "touch", "timeline")

_CUSTOMERS = """
SELECT id, guide_id, is_staff, created_at, active_at, next_contact_at, order_due_on, pooled_at, pool_reason,
       discarded_at
FROM customer WHERE id = ANY($1::uuid[])
"""

_TOUCHES = """
SELECT id, customer_id, kind, occurred_at, source, guide_id, is_first FROM touch WHERE customer_id = ANY($1::uuid[])
"""

_SURVIVE = """
UPDATE customer c SET guide_id = s.guide_id, is_staff = s.is_staff, active_at = s.active_at, warned_at = NULL,
    next_contact_at = s.next_contact_at, order_due_on = s.order_due_on, pooled_at = s.pooled_at,
    pool_reason = s.pool_reason, discarded_at = s.discarded_at,
    following = EXISTS (SELECT 1 FROM identity i WHERE i.customer_id = c.id AND i.following)
FROM unnest($1::uuid[], $2::uuid[], $3::bool[], $4::timestamptz[], $5::timestamptz[], $6::date[], $7::timestamptz[],
            $8::text[], $9::timestamptz[])
    AS s (id, guide_id, is_staff, active_at, next_contact_at, order_due_on, pooled_at, pool_reason, discarded_at)
WHERE c.id = s.id
"""

# A sign post is nobody's, lies in no pool and waits for nothing.
_LEAVE = """
UPDATE customer c SET merged_into_id = m.target, following = false, guide_id = NULL, active_at = NULL, warned_at = NULL,
    next_contact_at = NULL, order_due_on = NULL, pooled_at = NULL, pool_reason = NULL, discarded_at = NULL
FROM unnest($1::uuid[], $2::uuid[]) AS m (source, target) WHERE c.id = m.source
"""

_NOTE = """
INSERT INTO customer_merge (id, source_id, target_id, reason, moved, merged_by, merged_at)
SELECT id, source, target, $5, moved::jsonb, $6, $7
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[]) AS m (id, source, target, moved)
"""

_NOTE_OWNERS = """
INSERT INTO customer_owner_change (customer_id, former_id, guide_id, source, reason, changed_by, changed_at)
SELECT customer_id, former_id, guide_id, source, $5, $6, $7
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[]) AS o (customer_id, former_id, guide_id, source)
"""


class MergeReason(StrEnum):
    """Why customers are one: seen to be by themselves, or by a colleague who looked."""

    UNIONID = "unionid"
    KEY = "key"
    PHONE = "phone"
    BY_HAND = "by_hand"
    DISPUTE = "dispute"


async def merge_groups(
    connection: Connection, groups: Mapping[UUID, Collection[UUID]], reason: MergeReason, **facts: Any
) -> int:
    """Join customers in the one that stays, by its id; returns how many became part of another one."""
    waiting = {target: sorted(sources) for target, sources in groups.items()}
    merged = 0
    while pairs := {sources.pop(0): target for target, sources in waiting.items() if sources}:
        merged += len(await merge(connection, pairs, reason, **facts))
    return merged


async def merge(
    connection: Connection,
    targets: Mapping[UUID, UUID],
    reason: MergeReason,
    *,
    by: UUID | None = None,
    phones: Mapping[UUID, bytes] | None = None,
) -> dict[UUID, UUID]:
    """Make each source part of its target; no two share one. All are locked and none is a sign post.

    What hangs on the source moves, by the registered parts; of what a customer has once only, the target's stays. The
    earliest first touch stands, and the owner met first. `phones` are digests of the numbers that joined them, by
    source. The ids of the merges, by source.
    """
    everybody = [*targets, *targets.values()]
    former = {row["id"]: row for row in await connection.fetch(_CUSTOMERS, everybody)}
    touches = defaultdict[UUID, list[asyncpg.Record]](list)
    for touch in await connection.fetch(_TOUCHES, everybody):
        touches[touch["customer_id"]].append(touch)

    moved = await _move(connection, targets, touches)
    after = await _survive(connection, targets, former, touches)
    await connection.execute(_LEAVE, list(targets), list(targets.values()))
    merges = {source: new_id() for source in targets}
    now = clock.now()
    for source, target in targets.items():
        moved[source] |= {
            "source": _before(former[source], touches[source]),
            "target": _before(former[target], touches[target]),
            "after": asdict(after[target]),
            "phone": phones[source].hex() if phones else None,
        }
    await connection.execute(
        _NOTE,
        list(merges.values()),
        list(targets),
        list(targets.values()),
        [orjson.dumps(moved[source], default=str).decode() for source in targets],
        reason.value,
        by,
        now,
    )
    owners = {target: standing.guide_id for target, standing in after.items()}
    passed = [
        (merges[source], to, former[one]["guide_id"])
        for source, to in targets.items()
        for one in (source, to)
        if is_passed(former[one], owners[to])
    ]
    await connection.execute(
        _NOTE_OWNERS,
        [target for _, target, _ in passed],
        [loser for *_, loser in passed],
        [owners[target] for _, target, _ in passed],
        [merge_id for merge_id, *_ in passed],
        Reason.MERGED.value,
        by,
        now,
    )
    await _tell_losers(connection, passed, by)
    if by is not None:
        await tell(connection, [Entry(to, now, Reason.MERGED, merges[one], {"by": by}) for one, to in targets.items()])
    indexing.changed(everybody)
    await publish(*(_merged(source, target, reason) for source, target in targets.items()))
    return merges


def _merged(source: UUID, target: UUID, reason: MergeReason) -> CustomersMerged:
    # The driver's own class of ids is none that events can carry.
    return CustomersMerged(source_id=UUID(int=source.int), target_id=UUID(int=target.int), reason=reason.value)


def is_passed(customer: Mapping[str, Any] | asyncpg.Record, owner_id: object) -> bool:
    """Whether one of the two comes to another owner by the merge, out of the pool or the trash too."""
    if customer["guide_id"] == owner_id:
        return False
    return any(customer[name] is not None for name in ("guide_id", "pooled_at", "discarded_at"))


async def _tell_losers(
    connection: Connection, passed: Iterable[tuple[UUID, UUID, UUID | None]], by: UUID | None
) -> None:
    """One notice for each whose customers are with colleagues now; who merges by hand knows."""
    lost = defaultdict[UUID, list[UUID]](list)
    for merge_id, _, loser in passed:
        if loser is not None and loser != by:
            lost[loser].append(merge_id)
    await notices.notify_many(
        connection,
        [
            NewNotice(
                staff_id=loser,
                key=f"{JOINED.name}:{merge_ids[0]}",
                kind=JOINED.name,
                title=f"您有 {len(merge_ids)} 位客户已与同事的客户合并",
                body="经确认为同一位客户，合并后由同事继续跟进",
                link="/customers",
            )
            for loser, merge_ids in sorted(lost.items())
        ],
    )


async def _move(
    connection: Connection, targets: Mapping[UUID, UUID], touches: Mapping[UUID, list[asyncpg.Record]]
) -> dict[UUID, dict[str, Any]]:
    """Give the targets what hung on the sources; what moved and what stayed, by table, of each source."""
    firsts = [min(found, key=touch_order)["id"] for pair in targets.items() if (found := _of(pair, touches))]
    # All step down before any is moved: there is one first touch per customer at any moment.
    demoted = [touch["id"] for pair in targets.items() for touch in _of(pair, touches) if touch["is_first"]]
    await connection.execute("UPDATE touch SET is_first = false WHERE id = ANY($1::uuid[])", demoted)
    moved: dict[UUID, dict[str, Any]] = {source: {"tables": {}, "stayed": {}, "parts": {}} for source in targets}
    for part in parts.registered():
        for source, answer in (await part.merge(connection, targets)).items() if part.merge else ():
            moved[source]["parts"][part.name] = answer
    for table in tables():
        went, stayed = await moving.move(connection, table, targets)
        for kind, rows in (("tables", went), ("stayed", stayed)):
            for source, ids in rows.items():
                moved[source][kind][table] = ids
    await connection.execute("UPDATE touch SET is_first = true WHERE id = ANY($1::uuid[])", firsts)
    return moved


def tables() -> list[str]:
    """Every table whose rows hang on a customer and move with them."""
    return [*ROOT_TABLES, *(table for part in parts.registered() for table in part.tables)]


async def _survive(
    connection: Connection,
    targets: Mapping[UUID, UUID],
    former: Mapping[UUID, asyncpg.Record],
    touches: Mapping[UUID, list[asyncpg.Record]],
) -> dict[UUID, Standing]:
    """Write what the targets are from now on, and give it."""
    guides = {row["guide_id"] for row in former.values() if row["guide_id"]}
    gone = await organisation.left_among(connection, guides) if guides else set[UUID]()
    standing = list[Standing]()
    for source, target in targets.items():
        one, other = former[source], former[target]
        guide_id = guide_after_merge((_side(side, touches[side["id"]]) for side in (one, other)), gone)
        standing.append(standing_after_merge(_standing(one), _standing(other), guide_id))
    await connection.execute(
        _SURVIVE,
        list(targets.values()),
        [side.guide_id for side in standing],
        [former[source]["is_staff"] or former[target]["is_staff"] for source, target in targets.items()],
        [side.active_at for side in standing],
        [side.next_contact_at for side in standing],
        [side.order_due_on for side in standing],
        [side.pooled_at for side in standing],
        [side.pool_reason for side in standing],
        [side.discarded_at for side in standing],
    )
    return dict(zip(targets.values(), standing, strict=True))


def _standing(customer: asyncpg.Record) -> Standing:
    return Standing(**{field.name: customer[field.name] for field in fields(Standing)})


def _side(customer: asyncpg.Record, touches: list[asyncpg.Record]) -> Side:
    # A guide who never met the person was given the fan: that counts from the beginning.
    earning = [touch for touch in touches if touch["guide_id"] == customer["guide_id"]] or touches
    since: Order = (customer["created_at"], 0, customer["id"])
    return Side(customer["guide_id"], min(map(touch_order, earning), default=since))


def touch_order(touch: asyncpg.Record) -> Order:
    """The place of a row of `touch` among a customer's touches."""
    return order_of(ContactKind(touch["kind"]), touch["occurred_at"], touch["source"])


def _of(pair: Iterable[UUID], touches: Mapping[UUID, list[asyncpg.Record]]) -> list[asyncpg.Record]:
    return [touch for one in pair for touch in touches[one]]


def _before(customer: asyncpg.Record, touches: Iterable[asyncpg.Record]) -> dict[str, Any]:
    first = next((touch["id"] for touch in touches if touch["is_first"]), None)
    return {field.name: customer[field.name] for field in fields(Standing)} | {"first_touch_id": first}
