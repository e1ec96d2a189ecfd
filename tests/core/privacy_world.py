"""People about whom something is known: fans, records by hand, numbers; and parts that contexts to come will have."""

from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import orjson

from app.contexts import registry
from core.customers import parts
from core.customers.linking.phones import NewPhone, put_many
from core.customers.linking.rules import Door
from core.customers.ownership import Place, Reason, hold, move
from core.customers.parts import PartKind
from core.customers.people import create
from core.customers.privacy import erasing
from core.customers.rules import ContactKind, Credit
from infra import clock, database, names
from infra.context import CustomerPart
from infra.database import transaction
from infra.ids import new_id
from tests import factories as make

PHONE, NAME = "+8613812345678", "顾客甲"


async def fan(person="person", *, owner=None, days_ago=2, app_id="wx0000000000000001"):
    """Somebody who follows; the customer's id."""
    at = clock.now() - timedelta(days=days_ago)
    credit = Credit(guide_id=owner.id if owner else None)
    await make.record(make.contact(ContactKind.FOLLOW, at, person=person, credit=credit, app_id=app_id))
    return UUID(int=(await make.customer_of(person, app_id))["id"].int)


async def leaves(person="person", *, at=None, app_id="wx0000000000000001"):
    """The person unfollows, and everybody hears of it."""
    await make.record(make.contact(ContactKind.UNFOLLOW, at or clock.now(), person=person, app_id=app_id))
    await make.settle(registry())


async def comes_back(person="person", *, at=None):
    await make.record(make.contact(ContactKind.FOLLOW, at or clock.now(), person=person))
    await make.settle(registry())


async def customer(owner=None, place=None):
    """Somebody known by something else than WeChat."""
    customer_id = new_id()
    async with transaction() as connection:
        await create(connection, [customer_id])
        await hold(connection, [customer_id], owner and owner.id)
        place = place or (Place.OWNED if owner else Place.NOBODY)
        reason = Reason.CREATED
        await move(connection, [customer_id], place, owner and owner.id, reason=reason, source=new_id(), by=None)
    return customer_id


async def record(customer_id, door=Door.STAFF, **fields):
    """What a door said of a customer; more than one door: call it again."""
    fields = {"name": NAME, "email": "someone@example.com"} | fields
    columns = fields | ({"name_key": names.key(fields["name"])} if fields.get("name") else {})
    sources = {name: [door, clock.now().isoformat()] for name in fields}
    listed = ", ".join(columns)
    places = ", ".join(f"${place}" for place in range(4, 4 + len(columns)))
    await database.execute(
        f"""INSERT INTO customer_profile (customer_id, sources, created_at, updated_at, nature, party, status, stage,
            custom, version, {listed})
        VALUES ($1, $2::jsonb, $3, $3, 'person', 'customer', 'active', 'new', '{{}}', 1, {places})
        ON CONFLICT (customer_id) DO UPDATE SET sources = customer_profile.sources || excluded.sources,
            {", ".join(f"{column} = excluded.{column}" for column in columns)}""",
        customer_id,
        orjson.dumps(sources).decode(),
        clock.now(),
        *columns.values(),
    )


async def phone(customer_id, number=PHONE, *, door=Door.STAFF, verified=False, contact_id=None):
    async with transaction() as connection:
        at = clock.now() if verified else None
        new = NewPhone(customer_id=customer_id, number=number, door=door, verified_at=at, contact_id=contact_id)
        await put_many(connection, [new])


async def note(customer_id, author, body, contact_id=None):
    """What a colleague wrote down about a call."""
    await database.execute(
        """INSERT INTO follow_up (id, customer_id, staff_id, contact_id, kind, body, file_ids, occurred_at, created_at)
        VALUES ($1, $2, $3, $4, 'phone', $5, '[]', $6, $6)""",
        new_id(),
        customer_id,
        author.id,
        contact_id,
        body,
        clock.now(),
    )


async def forget_due():
    return await erasing.forget_due()


async def one(sql, *values):
    row = await database.fetch_one(sql, *values)
    assert row is not None
    return dict(row)


async def erasures(customer_id):
    """(kind, whether done, whether cancelled) of each, the oldest first."""
    rows = await make.rows("SELECT * FROM customer_erasure WHERE customer_id = $1 ORDER BY id", customer_id)
    return [(row["kind"], row["done_at"] is not None, row["cancelled_at"] is not None) for row in rows]


@contextmanager
def also(part):
    """One more part of a customer, as a context to come will register it."""
    parts.register([part])
    try:
        yield part
    finally:
        del parts._parts[part.name]


def members(*customer_ids):
    """A part whose members stay known."""

    async def keeps(_connection, asked):
        return set(customer_ids) & set(asked)

    return replace(CustomerPart(name="test.members", title="会员", kind=PartKind.POINTS), keeps=keeps)
