"""Use cases around contact persons; all under the lock of their customer."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from core.custom_fields import service as custom_fields
from core.custom_fields.rules import Subject
from core.customers import indexing
from core.customers.errors import CustomerNotFound
from core.customers.linking import phones
from core.customers.linking.phones import NewPhone
from core.customers.linking.rules import Door, PhoneLabel
from core.customers.profiles import editing
from core.customers.profiles.contacts import queries
from core.customers.profiles.contacts.errors import (
    ContactPersonChanged,
    ContactPersonNotFound,
    SuperiorRefused,
    TooManyContacts,
)
from core.customers.profiles.contacts.schemas import ContactPersonChange, ContactPersonIn
from core.customers.profiles.models import ContactPerson
from core.customers.profiles.rules import name_key
from core.organisation.queries import Colleague
from core.organisation.scopes import reached
from infra import audit, clock
from infra.database import Connection, retry_on_conflict, transaction
from infra.ids import new_id
from infra.parameters import Parameter

MOST = Parameter(
    name="customers.contact_persons",
    default=100,
    least=1,
    most=1000,
    help="每位客户的联系人数上限",
    english="The most contact persons of a customer",
    unit="位",
)

_PRESENT = "SELECT count(*) AS n, count(*) FILTER (WHERE is_main) AS main FROM contact_person"
_STEP_DOWN = "UPDATE contact_person SET is_main = false WHERE customer_id = $1 AND is_main AND id <> $2"

# Upwards from a would-be superior of the same customer; UNION ends a circle.
_ABOVE = """
WITH RECURSIVE above AS (
    SELECT id, superior_id FROM contact_person WHERE id = $1 AND customer_id = $2 AND removed_at IS NULL
    UNION SELECT t.id, t.superior_id FROM above a JOIN contact_person t ON t.id = a.superior_id
) SELECT array_agg(id) FROM above
"""


@retry_on_conflict
async def add(by: Colleague, customer_id: UUID, body: ContactPersonIn) -> UUID:
    """A new person to talk to; returns the id.

    Raises CustomerNotFound, CustomerInPool, StaffNotFound, SuperiorRefused, TooManyContacts, errors of custom fields.
    """
    most = await MOST.get()
    contact_id = new_id()
    async with transaction() as connection:
        standing = await editing.hold(connection, customer_id, by)
        present = await connection.fetchrow(f"{_PRESENT} WHERE customer_id = $1 AND removed_at IS NULL", standing)
        if present is None or present["n"] >= most:
            raise TooManyContacts({"most": most})
        values = body.columns()
        await _check(connection, by, standing, contact_id, values)
        custom = await custom_fields.check(connection, Subject.CONTACT, contact_id, body.custom_values(), {})
        is_main = body.is_main or present["main"] == 0
        if is_main:
            await connection.execute(_STEP_DOWN, standing, contact_id)
        values |= {"name_key": name_key(body.name), "is_main": is_main, "custom": custom, "version": 1}
        await ContactPerson.create(id=contact_id, customer_id=standing, created_at=clock.now(), **values)
        await _put_phones(connection, standing, contact_id, body.phones.by_label())
        await _changed(standing, contact_id, "added", sorted(body.model_fields_set))
    return contact_id


@retry_on_conflict
async def change(by: Colleague, contact_person_id: UUID, body: ContactPersonChange) -> None:
    """Change what is given. Raises ContactPersonNotFound, ContactPersonChanged and as `add` does."""
    async with transaction() as connection:
        standing, former = await _hold(connection, by, contact_person_id)
        if former["version"] != body.version:
            raise ContactPersonChanged({"version": former["version"]})
        values = body.columns()
        await _check(connection, by, standing, contact_person_id, values)
        custom = await custom_fields.check(
            connection, Subject.CONTACT, contact_person_id, body.custom_values(), orjson.loads(former["custom"])
        )
        if "name" in values:
            values["name_key"] = name_key(values["name"])
        if body.is_main:
            await connection.execute(_STEP_DOWN, standing, contact_person_id)
            values["is_main"] = True
        values |= {"custom": custom, "version": former["version"] + 1}
        await ContactPerson.filter(id=contact_person_id).update(**values)
        numbers = body.phones.by_label()
        await _drop_phones(connection, contact_person_id, list(numbers))
        await _put_phones(connection, standing, contact_person_id, numbers)
        await _changed(standing, contact_person_id, "changed", sorted(body.model_fields_set - {"version"}))


@retry_on_conflict
async def remove(by: Colleague, contact_person_id: UUID) -> None:
    """Take a contact person off the list: numbers go, the row stays for what was written about talks.

    Raises ContactPersonNotFound, CustomerInPool.
    """
    async with transaction() as connection:
        standing, _ = await _hold(connection, by, contact_person_id)
        await ContactPerson.filter(id=contact_person_id).update(removed_at=clock.now(), is_main=False)
        await ContactPerson.filter(superior_id=contact_person_id).update(superior_id=None)
        await _drop_phones(connection, contact_person_id, list(PhoneLabel))
        await custom_fields.hold(connection, Subject.CONTACT, {contact_person_id: {}})
        await _changed(standing, contact_person_id, "removed", [])


async def _hold(connection: Connection, by: Colleague, contact_person_id: UUID) -> tuple[UUID, asyncpg.Record]:
    """Lock the customer of a contact person; its id and the person's row."""
    customer_id = await queries.customer_of(by, contact_person_id)
    try:
        standing = await editing.hold(connection, customer_id, by)
    except CustomerNotFound as error:
        raise ContactPersonNotFound from error
    row = await connection.fetchrow(
        "SELECT * FROM contact_person WHERE id = $1 AND customer_id = $2 AND removed_at IS NULL",
        contact_person_id,
        standing,
    )
    if row is None:
        raise ContactPersonNotFound
    return standing, row


async def _check(
    connection: Connection, by: Colleague, customer_id: UUID, contact_id: UUID, values: Mapping[str, Any]
) -> None:
    if (responsible_id := values.get("responsible_id")) is not None:
        await reached(by, responsible_id)
    if (superior_id := values.get("superior_id")) is not None:
        above = await connection.fetchval(_ABOVE, superior_id, customer_id)
        if not above or contact_id in above:
            raise SuperiorRefused


async def _drop_phones(connection: Connection, contact_id: UUID, labels: list[PhoneLabel]) -> None:
    await connection.execute(
        "DELETE FROM customer_phone WHERE contact_id = $1 AND label = ANY($2::text[])", contact_id, labels
    )


async def _put_phones(
    connection: Connection, customer_id: UUID, contact_id: UUID, numbers: Mapping[PhoneLabel, str | None]
) -> None:
    rows = [
        NewPhone(customer_id=customer_id, number=number, door=Door.STAFF, label=label, contact_id=contact_id)
        for label, number in numbers.items()
        if number
    ]
    await phones.put_many(connection, rows)


async def _changed(customer_id: UUID, contact_id: UUID, what: str, fields: list[str]) -> None:
    indexing.changed([customer_id])
    details = {"contact_person_id": contact_id, "fields": fields}
    await audit.note(f"contact_person.{what}", "customer", customer_id, details)
