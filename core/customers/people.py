"""Making people and locking them, the one way all writers of customers do it.

Whatever belongs to a person changes under the lock of its customer row, and rows are locked in the order of their ids.
A merge may give a person to another customer while we wait for a lock, so it is asked again afterwards.
"""

from collections.abc import Collection, Iterable
from uuid import UUID

from core.customers import indexing
from core.customers.rules import Contact
from infra import clock
from infra.database import Connection
from infra.ids import new_id

# Identity and customer in one statement: the foreign key is looked at when both are there, and when another process
# was faster neither is written.
_ADD = """
WITH fresh AS (
    INSERT INTO identity (id, customer_id, app_id, openid, digest, following, state_at, last_seen_at, created_at,
                          ask_at)
    SELECT id, customer_id, app_id, openid, digest, following, CASE WHEN $9 THEN 'epoch' ELSE at END, at,
           $8::timestamptz, CASE WHEN NOT $9 THEN $8::timestamptz END
    FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bytea[], $6::bool[], $7::timestamptz[])
        AS p (id, customer_id, app_id, openid, digest, following, at)
    ORDER BY digest
    ON CONFLICT (digest) DO NOTHING
    RETURNING customer_id, following
)
INSERT INTO customer (id, following, is_staff, created_at) SELECT customer_id, following, false, $8 FROM fresh
"""

_CREATE = """
INSERT INTO customer (id, following, is_staff, created_at) SELECT id, false, false, $2 FROM unnest($1::uuid[]) AS id
"""

_HOLD_TOGETHER = "SELECT pg_advisory_xact_lock_shared(key) FROM unnest($1::bigint[]) AS key"
_HOLD_ALONE = "SELECT pg_advisory_xact_lock(key) FROM unnest($1::bigint[]) AS key"

_OF_IDENTITIES = "SELECT customer_id FROM identity WHERE digest = ANY($1::bytea[])"
_OF_UNIONIDS = f"{_OF_IDENTITIES} UNION SELECT customer_id FROM identity WHERE unionid = ANY($2::text[])"

_TRY_TOGETHER = "SELECT bool_and(pg_try_advisory_xact_lock_shared(key)) FROM unnest($1::bigint[]) AS key"

_LOCK_THESE = "SELECT id, merged_into_id FROM customer WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"

_LOCK = "SELECT id FROM customer WHERE id = ANY(ARRAY({owners})) ORDER BY id FOR NO KEY UPDATE"


async def hold_guides(connection: Connection, guide_ids: Collection[UUID], *, alone: bool = False) -> None:
    """Until the caller's transaction ends, these guides' customers are handed over by nobody else.

    Whoever may give them customers holds them together with others, whoever hands over holds them `alone`; both before
    any lock of a customer.
    """
    await connection.execute(_HOLD_ALONE if alone else _HOLD_TOGETHER, _keys(guide_ids))


async def try_guides(connection: Connection, guide_ids: Collection[UUID]) -> bool:
    """The same together with others for who holds customers already and can't wait; whether nobody is handing over."""
    return await connection.fetchval(_TRY_TOGETHER, _keys(guide_ids)) is not False


def _keys(guide_ids: Collection[UUID]) -> list[int]:
    return sorted(int.from_bytes(guide_id.bytes[8:], "big", signed=True) for guide_id in guide_ids)


async def add(connection: Connection, contacts: Iterable[Contact], *, silent: bool = False) -> None:
    """A customer with one identity for each newcomer among these contacts.

    `silent` contacts say nothing of following: a follow that was before is still heard of.
    """
    first_contacts = dict[bytes, Contact]()
    for contact in contacts:
        first_contacts.setdefault(contact.identity, contact)
    if first_contacts:
        people = list(first_contacts.values())
        await connection.execute(
            _ADD,
            [new_id() for _ in people],
            [new_id() for _ in people],
            [person.app_id for person in people],
            [person.openid for person in people],
            [person.identity for person in people],
            [person.follows for person in people],
            [person.occurred_at for person in people],
            clock.now(),
            silent,
        )


async def create(connection: Connection, customer_ids: Collection[UUID]) -> None:
    """Customers known by something else than WeChat; whose they are, `ownership` says afterwards."""
    await connection.execute(_CREATE, sorted(customer_ids), clock.now())
    indexing.changed(customer_ids)


async def lock_these(connection: Connection, customer_ids: Collection[UUID]) -> set[UUID]:
    """Lock customers by their ids; those of them who are sign posts by now, or nobody, are missing in the answer."""
    rows = await connection.fetch(_LOCK_THESE, list(customer_ids))
    return {UUID(int=row["id"].int) for row in rows if row["merged_into_id"] is None}


async def lock(connection: Connection, identities: Collection[bytes], unionids: Collection[str] = ()) -> set[UUID]:
    """Lock the customers behind identities (keyed digests) and unionids; the ids of those they belong to now.

    Runs in the caller's transaction, which should hold no lock of a customer yet.
    """
    if unionids:
        return await lock_behind(connection, _OF_UNIONIDS, list(identities), list(unionids))
    return await lock_behind(connection, _OF_IDENTITIES, list(identities))


async def lock_behind(connection: Connection, owners: str, *values: object) -> set[UUID]:
    """Lock the customers that a statement (`customer_id` of whatever it knows them by) finds; those it finds now."""
    while True:
        # Locks on the wrong customers must go before the right ones are taken, or two of us could wait for each other.
        savepoint = connection.transaction()
        await savepoint.start()
        held = {row["id"] for row in await connection.fetch(_LOCK.format(owners=owners), *values)}
        present = {row["customer_id"] for row in await connection.fetch(owners, *values)}
        if present <= held:
            await savepoint.commit()
            return present
        await savepoint.rollback()
