"""What the tests of ownership share: customers with owners and in the pool, the calls, and the ledger as a chain."""

import asyncio
from contextvars import Context
from datetime import datetime

import orjson

from core.customers import indexing, ownership, people
from core.customers.ownership import Place, Reason
from core.permissions.rules import RoleKey
from infra import clock, database, parameters
from infra.ids import new_id
from tests import factories as make

STAFF = "/staff/v1"


async def customers(owner=None, count=1, *, place=None, reason=Reason.CREATED):
    """Customers of an owner, in the pool without one, or wherever `place` says."""
    ids = [new_id() for _ in range(count)]
    async with database.transaction() as connection:
        await people.create(connection, ids)
        await ownership.move(
            connection,
            ids,
            place or (Place.OWNED if owner else Place.POOL),
            owner and owner.id,
            reason=reason,
            source=new_id(),
            by=None,
        )
    return ids


async def customer(owner=None, **more):
    return (await customers(owner, **more))[0]


async def rep(name=None):
    return await make.colleague(RoleKey.REP, name)


async def named(customer_id, name, **fields):
    """A record with a name for somebody; `party` and `city` may be given."""
    now = clock.now()
    values = {"party": "prospect", "city": None, "email": None} | fields
    sources = {field: ["staff", now.isoformat()] for field in ("name", *fields)}
    await database.execute(
        """INSERT INTO customer_profile (customer_id, nature, party, status, stage, name, name_key, city, email,
            sources, custom, version, created_at, updated_at)
        VALUES ($1, 'person', $2, 'active', 'new', $3, $3, $4, $5, $6::jsonb, '{}', 1, $7, $7)""",
        customer_id,
        values["party"],
        name,
        values["city"],
        values["email"],
        orjson.dumps(sources).decode(),
        now,
    )


async def set_parameter(name, value):
    await parameters.change(name, value, expected_version=0, by="test")


async def call(http, by, method, path, body=None):
    return await http.request(method, f"{STAFF}{path}", headers=await make.headers(by), json=body)


async def post(http, by, path, ids, **more):
    return await call(http, by, "POST", path, {"customer_ids": [str(one) for one in ids]} | more)


async def claim(http, by, ids):
    return await post(http, by, "/pool/claims", ids)


async def where(customer_id):
    """The owner's id, `pool`, `trash` or `nobody`."""
    [row] = await make.rows("SELECT guide_id, pooled_at, discarded_at FROM customer WHERE id = $1", customer_id)
    if row["guide_id"]:
        return row["guide_id"]
    return "pool" if row["pooled_at"] else "trash" if row["discarded_at"] else "nobody"


async def seen(ids):
    """Where each of them is."""
    return [await where(one) for one in ids]


async def notices(person, kind=None):
    rows = await make.rows(
        "SELECT title FROM notice WHERE staff_id = $1 AND ($2::text IS NULL OR kind = $2) ORDER BY id", person.id, kind
    )
    return [row["title"] for row in rows]


async def open_todos(person):
    rows = await make.rows(
        "SELECT kind FROM todo WHERE staff_id = $1 AND version > 0 AND done_at IS NULL AND dropped_at IS NULL",
        person.id,
    )
    return sorted(row["kind"] for row in rows)


async def active_at(customer_id) -> datetime:
    [row] = await make.rows("SELECT active_at FROM customer WHERE id = $1", customer_id)
    return row["active_at"]


async def broken_chains():
    """Customers whose ledger has a gap: every change begins with the owner of the one before, the last one is now."""
    return await make.rows(
        """SELECT customer_id FROM (
            SELECT customer_id, former_id, lag(guide_id) OVER w AS before, row_number() OVER w AS n
            FROM customer_owner_change WINDOW w AS (PARTITION BY customer_id ORDER BY id)
        ) l WHERE n > 1 AND former_id IS DISTINCT FROM before
        UNION SELECT c.id FROM customer c CROSS JOIN LATERAL (
            SELECT guide_id FROM customer_owner_change o WHERE o.customer_id = c.id ORDER BY id DESC LIMIT 1
        ) last WHERE last.guide_id IS DISTINCT FROM c.guide_id"""
    )


async def aside(work):
    """Await something on connections of its own, from inside a transaction."""
    return await asyncio.create_task(work, context=Context())


async def index(*customer_ids):
    """Let them be found by what they are now."""
    async with database.transaction():
        indexing.changed(customer_ids)
