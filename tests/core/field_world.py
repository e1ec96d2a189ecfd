"""What tests of custom fields, tags and views share: fields, and customers with a record."""

from uuid import UUID

import orjson

from core.custom_fields import definitions, service
from core.custom_fields.rules import Field, FieldKind, Subject
from core.customers import indexing, people
from infra import clock, database, names
from infra.ids import new_id
from tests import factories as make

_PROFILE = """
INSERT INTO customer_profile (customer_id, nature, party, status, stage, name, name_key, city, sources, custom, version,
    created_at, updated_at)
VALUES ($1, 'person', 'prospect', 'active', 'new', $2, $3, $4, '{}', $5::jsonb, 1, $6, $6)
"""


def settings(kind, name=None, **values):
    """What the API takes for a new field."""
    body = {"subject": "customer", "kind": kind, "name": name or f"字段{next(make._numbers)}"}
    if kind in {"option", "options"}:
        body["options"] = [{"name": name} for name in ("甲", "乙", "丙")]
    return body | values


async def field(kind, name=None, **values) -> Field:
    """A new field; option fields have 甲, 乙 and 丙 with the ids 1, 2 and 3."""
    body = settings(kind, name, **values)
    options = [{"id": None} | option for option in body.pop("options", [])]
    body |= {"subject": Subject(body["subject"]), "kind": FieldKind(kind), "options": options}
    return await definitions.add(body)


async def save(values, former=None, record_id=None, subject=Subject.CUSTOMER):
    """What a record holds after values were entered, in a transaction of its own."""
    async with database.transaction() as connection:
        return await service.check(connection, subject, record_id or new_id(), values, former or {})


async def customer(name=None, *, custom=None, owner=None, city=None, customer_id=None) -> UUID:
    """A customer with a record; its custom values are claimed, nothing is checked."""
    customer_id = customer_id or new_id()
    text = orjson.dumps(custom or {}).decode()
    async with database.transaction() as connection:
        await people.create(connection, [customer_id])
        if owner:
            await connection.execute("UPDATE customer SET guide_id = $2 WHERE id = $1", customer_id, owner.id)
        key = names.key(name) if name else None
        await connection.execute(_PROFILE, customer_id, name, key, city, text, clock.now())
        await service.hold(connection, Subject.CUSTOMER, {customer_id: custom or {}})
        indexing.changed([customer_id])
    return customer_id


async def pool(*customer_ids):
    """Put customers into the public pool."""
    await database.execute(
        """UPDATE customer SET pooled_at = $2, pool_reason = 'released', guide_id = NULL
        WHERE id = ANY($1::uuid[])""",
        list(customer_ids),
        clock.now(),
    )
