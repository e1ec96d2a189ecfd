"""When people are forgotten, and who stays known: after leaving, or at once on request.

A file of its own, beside consents and channels. Everything happens under the locks of the customers, those merged into
them included: a chunk is forgotten as a whole or not at all, and whoever comes second finds nothing left to do.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta
from uuid import UUID

import asyncpg

from core.customers import ownership, parts
from core.customers import queries as customers
from core.customers.ownership import Place, Reason
from core.customers.privacy.forgetting import forget
from core.customers.privacy.rules import ErasureKind
from core.customers.timeline import Entry, tell
from core.organisation.queries import Colleague
from infra import audit, clock, database
from infra.database import Connection, retry_on_conflict, transaction
from infra.ids import new_id
from infra.parameters import Parameter

UNFOLLOW_DAYS = Parameter(
    name="privacy.unfollow_days",
    default=30,
    least=0,
    most=3650,
    help="非会员取消关注多少天后，清除平台提供的资料（0 为立即）",
    english=("What WeChat gave of a non-member who stopped following is erased after so many days (0: at once)"),
    unit="天",
)
TRASH_DAYS = Parameter(
    name="privacy.trash_days",
    default=0,
    least=0,
    most=3650,
    help="回收站中的客户保留多少天后彻底清除（0 为一直保留）",
    english="Customers in the trash are erased after so many days (0: never)",
    unit="天",
)
_CHUNK = 200

_OPEN = "done_at IS NULL AND cancelled_at IS NULL"

_LEAVERS = """
SELECT c.id, c.following OR c.is_staff AS stays, max(i.state_at) AS left_at
FROM customer c JOIN identity i ON i.customer_id = c.id AND i.openid IS NOT NULL
WHERE c.id = ANY($1::uuid[]) GROUP BY c.id
"""

# Who came back has another leaving than the one that was to be forgotten.
_CANCEL = f"""
UPDATE customer_erasure e SET cancelled_at = $3 FROM unnest($1::uuid[], $2::timestamptz[]) AS c (id, left_at)
WHERE e.customer_id = c.id AND e.kind = 'unfollow' AND {_OPEN} AND (c.left_at IS NULL OR e.asked_at < c.left_at)
"""

_ASK = f"""
INSERT INTO customer_erasure (id, customer_id, kind, asked_by, asked_at, due_at)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::timestamptz[], $6::timestamptz[])
ON CONFLICT (customer_id) WHERE {_OPEN} DO NOTHING
"""

_DUE = f"SELECT customer_id FROM customer_erasure WHERE {_OPEN} AND due_at <= $1 ORDER BY due_at, id LIMIT $2"

_DISCARDED = "SELECT id FROM customer WHERE discarded_at < $1 ORDER BY discarded_at, id LIMIT $2"
_STILL_DISCARDED = "SELECT id FROM customer WHERE id = ANY($1::uuid[]) AND discarded_at IS NOT NULL"

# Whom customers were merged into, and everybody who was merged into those.
_FAMILY = """
WITH RECURSIVE way AS (
    SELECT id AS asked, id, merged_into_id FROM customer WHERE id = ANY($1::uuid[])
    UNION ALL SELECT w.asked, c.id, c.merged_into_id FROM way w JOIN customer c ON c.id = w.merged_into_id
), family AS (
    SELECT asked, id AS head, id FROM way WHERE merged_into_id IS NULL
    UNION SELECT f.asked, f.head, m.source_id FROM family f
    JOIN customer_merge m ON m.target_id = f.id AND m.undone_at IS NULL
)
SELECT asked, head, id FROM family
"""

_LOCK = "SELECT id FROM customer WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"

# Who follows again, or was seen anywhere since, has come back.
_TO_FORGET = f"""
SELECT e.id, e.customer_id, c.following OR c.is_staff OR EXISTS (
    SELECT FROM identity i WHERE i.customer_id = c.id AND i.last_seen_at > e.asked_at
) AS back
FROM customer_erasure e JOIN unnest($1::uuid[], $2::uuid[]) AS f (asked, head) ON f.asked = e.customer_id
JOIN customer c ON c.id = f.head WHERE {_OPEN} AND e.due_at <= $3 ORDER BY e.id
"""

_END = "UPDATE customer_erasure SET done_at = $2, cancelled_at = $3 WHERE id = ANY($1::uuid[])"


async def following_changed(connection: Connection, customer_ids: Collection[UUID]) -> None:
    """Customers left, or came back: who left and is no member is to be forgotten after the days of the parameter.

    Whoever was merged before we heard of it stands for the one that came of it.
    """
    days = timedelta(days=await UNFOLLOW_DAYS.get())
    ids = sorted({row["head"] for row in await _hold(connection, customer_ids)})
    people = {row["id"]: row for row in await connection.fetch(_LEAVERS, ids)}
    members = await _members(connection, list(people))
    gone = {one: row["left_at"] for one, row in people.items() if not row["stays"] and one not in members}
    await connection.execute(_CANCEL, ids, [gone.get(one) for one in ids], clock.now())
    await connection.execute(
        _ASK,
        [new_id() for _ in gone],
        list(gone),
        [ErasureKind.UNFOLLOW.value for _ in gone],
        [None for _ in gone],
        list(gone.values()),
        [left_at + days for left_at in gone.values()],
    )


@retry_on_conflict
async def forget_at_request(by: Colleague, customer_id: UUID) -> UUID:
    """Somebody asked to be forgotten, and is; returns the customer's id. Raises CustomerNotFound."""
    async with transaction() as connection:
        family = await _hold(connection, [await customers.standing(customer_id, by)])
        head: UUID = family[0]["head"]
        await _forget_all(connection, family, by.id)
        await audit.note("customer.erased", "customer", head)
    return head


async def forget_discarded() -> int:
    """Forget who has lain in the trash for the days of the parameter, as if they had asked; returns how many."""
    days, forgotten = timedelta(days=await TRASH_DAYS.get()), 0
    while days and (found := await database.fetch(_DISCARDED, clock.now() - days, _CHUNK)):
        forgotten += await _forget_chunk_of_trash([row["id"] for row in found])
    return forgotten


@retry_on_conflict
async def _forget_chunk_of_trash(customer_ids: Collection[UUID]) -> int:
    async with transaction() as connection:
        family = await _hold(connection, customer_ids)
        discarded = {row["id"] for row in await connection.fetch(_STILL_DISCARDED, [row["id"] for row in family])}
        family = [row for row in family if row["head"] in discarded]
        await _forget_all(connection, family, None)
    return len(discarded)


async def _forget_all(connection: Connection, family: Sequence[asyncpg.Record], by: UUID | None) -> None:
    """Everything about people who are held, at once and whatever else was due; nobody owns them any more."""
    now, act = clock.now(), new_id()
    heads = sorted({row["head"] for row in family})
    ids = [new_id() for _ in heads]
    nothing, kinds = [None for _ in heads], [ErasureKind.REQUEST.value for _ in heads]
    await connection.execute(_CANCEL, heads, nothing, now)
    await connection.execute(_ASK, ids, heads, kinds, [by for _ in heads], [now for _ in heads], [now for _ in heads])
    await forget(connection, sorted({row["id"] for row in family}), ErasureKind.REQUEST)
    await ownership.move(connection, heads, Place.NOBODY, None, reason=Reason.ERASED, source=act, by=by)
    await connection.execute(_END, ids, now, None)


async def forget_due() -> int:
    """Forget everybody who is due, a chunk per transaction; returns how many were."""
    forgotten = 0
    while due := await database.fetch(_DUE, clock.now(), _CHUNK):
        forgotten += await _forget_chunk([row["customer_id"] for row in due])
    return forgotten


@retry_on_conflict
async def _forget_chunk(customer_ids: Collection[UUID]) -> int:
    """Decide again under the locks: who came back, or became a member, stays known."""
    async with transaction() as connection:
        family = await _hold(connection, customer_ids)
        heads = {row["asked"]: row["head"] for row in family}
        now = clock.now()
        due = await connection.fetch(_TO_FORGET, list(heads), list(heads.values()), now)
        members = await _members(connection, list(heads.values()))
        stay = [row for row in due if row["back"] or heads[row["customer_id"]] in members]
        gone = [row for row in due if row not in stay]
        forgotten = {heads[row["customer_id"]]: row["id"] for row in gone}
        if forgotten:
            ids = [row["id"] for row in family if row["head"] in forgotten]
            await forget(connection, ids, ErasureKind.UNFOLLOW)
            await tell(connection, [Entry(one, now, Reason.ERASED, source) for one, source in forgotten.items()])
        await connection.execute(_END, [row["id"] for row in gone], now, None)
        await connection.execute(_END, [row["id"] for row in stay], None, now)
    return len(forgotten)


async def _hold(connection: Connection, customer_ids: Collection[UUID]) -> list[asyncpg.Record]:
    """Lock customers with all who are one person with them (asked, head, id), whatever is merged meanwhile."""
    while True:
        # Locks on the wrong customers must go before the right ones are taken, or two of us could wait for each other.
        savepoint = connection.transaction()
        await savepoint.start()
        ids = {row["id"] for row in await connection.fetch(_FAMILY, list(customer_ids))}
        await connection.execute(_LOCK, list(ids))
        family = await connection.fetch(_FAMILY, list(customer_ids))
        if {row["id"] for row in family} <= ids:
            await savepoint.commit()
            return family
        await savepoint.rollback()


async def _members(connection: Connection, customer_ids: Sequence[UUID]) -> set[UUID]:
    """Those of the customers who stay known although they left."""
    asked = [part.keeps for part in parts.registered() if part.keeps is not None]
    return set().union(*[await keeps(connection, customer_ids) for keeps in asked])
