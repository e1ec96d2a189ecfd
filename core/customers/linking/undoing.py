"""Undoing a merge, as long as nothing that it moved has changed.

A file of its own: colleagues do it, and so does a dispute about the number that joined two.
"""

from collections.abc import Collection
from typing import Any
from uuid import UUID

import orjson

from core.customers import indexing, moving, parts, people
from core.customers.errors import MergeChanged
from core.customers.events import CustomersParted
from core.customers.handover import PART
from core.customers.joining import is_passed, touch_order
from core.customers.linking.errors import MergeNotFound
from core.customers.linking.rules import CandidateState
from core.customers.ownership import Reason
from core.customers.timeline import Entry, tell
from core.notices import service as notices
from core.notices.rules import NoticeKind
from core.notices.service import NewNotice
from core.organisation.handover import queries as hand_overs
from infra import clock
from infra.database import Connection
from infra.ids import new_id
from infra.outbox import publish

BACK = NoticeKind("customers.parted", title="客户合并已撤销")

_MOVED = "SELECT moved FROM customer_merge WHERE id = $1"

_MERGE = "SELECT source_id, target_id FROM customer_merge WHERE id = $1"

# The same as the merge left it: joined, with the same owner, in the same place.
_UNCHANGED = """
SELECT s.merged_into_id = t.id AND t.merged_into_id IS NULL AS joined,
       (t.guide_id, t.pooled_at, t.discarded_at)
           IS NOT DISTINCT FROM (a.guide_id, a.pooled_at, a.discarded_at) AS placed
FROM customer s, customer t,
    jsonb_to_record($3::jsonb) AS a (guide_id uuid, pooled_at timestamptz, discarded_at timestamptz)
WHERE s.id = $1 AND t.id = $2
"""

# Two with one unionid would be joined again at once.
_ONE_PERSON = """
SELECT EXISTS (SELECT FROM identity a JOIN identity b ON a.unionid = b.unionid
               WHERE a.customer_id = $1 AND b.customer_id = $2)
"""

# Who looks after them again has a whole term.
_AGAIN = """
UPDATE customer c SET merged_into_id = NULL, guide_id = s.guide_id,
    active_at = CASE WHEN s.guide_id IS NULL THEN s.active_at ELSE $3 END,
    next_contact_at = s.next_contact_at, order_due_on = s.order_due_on, pooled_at = s.pooled_at,
    pool_reason = s.pool_reason, discarded_at = s.discarded_at
FROM jsonb_to_record($2::jsonb) AS s (guide_id uuid, active_at timestamptz, next_contact_at timestamptz,
    order_due_on date, pooled_at timestamptz, pool_reason text, discarded_at timestamptz)
WHERE c.id = $1
"""

# What the owner has planned since stays.
_STAY = """
UPDATE customer c SET guide_id = s.guide_id, pooled_at = s.pooled_at, pool_reason = s.pool_reason,
    discarded_at = s.discarded_at,
    active_at = CASE WHEN s.guide_id IS NULL OR s.guide_id = c.guide_id THEN c.active_at ELSE $4 END,
    warned_at = CASE WHEN s.guide_id = c.guide_id THEN c.warned_at END,
    next_contact_at = CASE WHEN c.next_contact_at IS DISTINCT FROM a.next_contact_at
        THEN c.next_contact_at ELSE s.next_contact_at END,
    order_due_on = CASE WHEN c.order_due_on IS DISTINCT FROM a.order_due_on THEN c.order_due_on ELSE s.order_due_on END
FROM jsonb_to_record($2::jsonb) AS s (guide_id uuid, next_contact_at timestamptz, order_due_on date,
        pooled_at timestamptz, pool_reason text, discarded_at timestamptz),
    jsonb_to_record($3::jsonb) AS a (next_contact_at timestamptz, order_due_on date)
WHERE c.id = $1
"""

_FOLLOWING = """
UPDATE customer c SET
    following = EXISTS (SELECT FROM identity i WHERE i.customer_id = c.id AND i.following),
    is_staff = EXISTS (SELECT FROM identity i JOIN staff_wechat w ON w.digest = i.digest WHERE i.customer_id = c.id)
WHERE c.id = ANY($1::uuid[])
"""

_TOUCHES = "SELECT id, customer_id, kind, occurred_at, source FROM touch WHERE customer_id = ANY($1::uuid[])"

# That the source lost its owner by the merge is its own history again.
_TAKE_ALONG = "UPDATE customer_owner_change SET customer_id = $2 WHERE customer_id = $1 AND source = $3"

_NOTE_OWNER = """
INSERT INTO customer_owner_change (customer_id, former_id, guide_id, source, reason, changed_by, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""

# Two in the eyes of a colleague stay two; else it is a question again.
_TWO = """
INSERT INTO merge_candidate (id, one_id, other_id, reason, state, found_at, decided_by, decided_at)
VALUES ($1, LEAST($2::uuid, $3), GREATEST($2::uuid, $3), $4, $5, $7, $6::uuid,
        CASE WHEN $6::uuid IS NOT NULL THEN $7::timestamptz END)
ON CONFLICT (one_id, other_id) DO UPDATE SET state = excluded.state, decided_by = excluded.decided_by,
    decided_at = excluded.decided_at
"""

# The values that the parts remembered are theirs again, and nobody else's.
_DONE = """
UPDATE customer_merge SET undone_by = $2, undone_at = $3, moved = moved || '{"parts": {}}'
WHERE id = $1 AND undone_at IS NULL
"""


async def undo(connection: Connection, merge_id: UUID, by: UUID | None) -> None:
    """Make the source of a merge a customer of its own again, in the caller's transaction.

    Raises MergeNotFound, and MergeChanged with `what` has changed since.
    """
    merge = await connection.fetchrow(_MERGE, merge_id)
    if merge is None:
        raise MergeNotFound
    source, target = merge["source_id"], merge["target_id"]
    await people.lock_these(connection, [source, target])
    moved = orjson.loads(await connection.fetchval(_MOVED, merge_id))
    now = clock.now()
    if await connection.execute(_DONE, merge_id, by, now) == "UPDATE 0":
        raise MergeChanged({"what": "undone"})
    if not moved["parts"]:
        raise MergeChanged({"what": "erased"})
    await _expect_unchanged(connection, source, target, moved)
    await _give_back(connection, source, target, moved)
    sides = await _owned_again(connection, moved)
    before, after = orjson.dumps(sides["target"]).decode(), orjson.dumps(moved["after"]).decode()
    await connection.execute(_AGAIN, source, orjson.dumps(sides["source"]).decode(), now)
    await connection.execute(_STAY, target, before, after, now)
    await connection.execute(_FOLLOWING, [source, target])
    if is_passed(moved["source"], moved["after"]["guide_id"]):
        await connection.execute(_TAKE_ALONG, target, source, merge_id)
    returned = [
        (customer_id, sides[name]["guide_id"])
        for name, customer_id in (("source", source), ("target", target))
        if is_passed(moved[name], moved["after"]["guide_id"])
    ]
    for customer_id, owner_id in returned:
        passed = customer_id, moved["after"]["guide_id"], owner_id
        await connection.execute(_NOTE_OWNER, *passed, new_id(), Reason.UNMERGED.value, by, now)
    await _tell_owners(connection, merge_id, {UUID(owner_id) for _, owner_id in returned if owner_id} - {by})
    state = CandidateState.OPEN if by is None else CandidateState.DISMISSED
    await connection.execute(_TWO, new_id(), source, target, Reason.UNMERGED.value, state.value, by, now)
    if by is not None:
        await tell(connection, [Entry(one, now, Reason.UNMERGED, merge_id, {"by": by}) for one in (source, target)])
    indexing.changed([source, target])
    # The driver's own class of ids is none that events can carry.
    ids = (UUID(int=one.int) for one in (source, target, merge_id))
    await publish(CustomersParted(**dict(zip(("source_id", "target_id", "merge_id"), ids, strict=True))))


async def _owned_again(connection: Connection, moved: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What both were before the merge; who has left since has given the customers to somebody. Raises MergeChanged."""
    sides = {name: moved[name] for name in ("source", "target")}
    owners = {UUID(side["guide_id"]) for side in sides.values() if side["guide_id"]}
    if not await people.try_guides(connection, owners):
        raise MergeChanged({"what": "owner"})
    heirs = await hand_overs.heirs(connection, owners, PART)
    now = {str(owner): str(heir) for owner, heir in heirs.items() if heir}
    return {name: side | {"guide_id": now.get(side["guide_id"], side["guide_id"])} for name, side in sides.items()}


async def _tell_owners(connection: Connection, merge_id: UUID, owner_ids: Collection[UUID]) -> None:
    """Those who have a customer again."""
    await notices.notify_many(
        connection,
        [
            NewNotice(
                staff_id=owner_id,
                key=f"{BACK.name}:{merge_id}",
                kind=BACK.name,
                title="您的 1 位客户已恢复",
                body="与同事客户的合并已撤销，请继续跟进",
                link="/customers",
            )
            for owner_id in sorted(owner_ids)
        ],
    )


async def _expect_unchanged(connection: Connection, source: UUID, target: UUID, moved: dict[str, Any]) -> None:
    """Raises MergeChanged."""
    left = await connection.fetchrow(_UNCHANGED, source, target, orjson.dumps(moved["after"]).decode())
    if left is None or not left["joined"]:
        raise MergeChanged({"what": "merged_on"})
    if not left["placed"]:
        raise MergeChanged({"what": "owner"})
    for table, ids in moved["tables"].items():
        if not await moving.still_there(connection, table, target, ids):
            raise MergeChanged({"what": table})


async def _give_back(connection: Connection, source: UUID, target: UUID, moved: dict[str, Any]) -> None:
    pair = [source, target]
    await connection.execute("UPDATE touch SET is_first = false WHERE customer_id = ANY($1::uuid[]) AND is_first", pair)
    for table, ids in moved["tables"].items():
        await moving.give_back(connection, table, source, target, ids)
    if await connection.fetchval(_ONE_PERSON, source, target):
        raise MergeChanged({"what": "unionid"})
    for part in reversed(parts.registered()):
        if part.unmerge is not None and part.name in moved["parts"]:
            await part.unmerge(connection, source, target, moved["parts"][part.name])
    touches = await connection.fetch(_TOUCHES, pair)
    firsts = [
        min(found, key=touch_order)["id"] for one in pair if (found := [t for t in touches if t["customer_id"] == one])
    ]
    await connection.execute("UPDATE touch SET is_first = true WHERE id = ANY($1::uuid[])", firsts)
