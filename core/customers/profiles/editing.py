"""Holding a customer for a change by a colleague: reach, pool and locks are the same for all that people edit.

A file of its own: the record, its contact persons, numbers and stage are changed through it.
"""

from collections.abc import Iterable
from uuid import UUID

from core.customers import ownership, queries
from core.customers.errors import CustomerNotFound
from core.customers.profiles import duplicates, records
from core.customers.profiles.duplicates import Known
from core.customers.profiles.errors import RecordChanged
from core.customers.profiles.records import Record
from core.organisation.queries import Colleague
from infra.database import Connection


async def hold(connection: Connection, customer_id: UUID, by: Colleague) -> UUID:
    """Lock the customer, or whom it was merged into, for a change by `by`; the id of who it is now.

    Raises CustomerNotFound, CustomerInPool, CustomerInTrash.
    """
    while True:
        standing = await _standing(connection, customer_id)
        try:
            await ownership.expect_editable(connection, [standing], by)
        except CustomerNotFound:
            # Somebody may have merged the customer while we waited for the lock.
            if await _standing(connection, customer_id) == standing:
                raise
        else:
            return standing


async def hold_with_mobiles(
    connection: Connection, customer_id: UUID, by: Colleague, mobiles: Iterable[str] = ()
) -> tuple[UUID, Known, list[str]]:
    """The same with all mobiles of the customer and those that are to be entered; who has them, and the own ones."""
    own = await duplicates.mobiles_of(connection, await _standing(connection, customer_id))
    known = await duplicates.hold(connection, [*own, *mobiles])
    standing = await hold(connection, customer_id, by)
    return standing, known, await duplicates.mobiles_of(connection, standing)


async def _standing(connection: Connection, customer_id: UUID) -> UUID:
    found = (await queries.standing_many(connection, [customer_id])).get(customer_id)
    if found is None:
        raise CustomerNotFound
    return found


async def record(connection: Connection, customer_id: UUID, version: int | None = None) -> Record:
    """The record of a customer that is held. Raises RecordChanged when it isn't in the version expected."""
    found = (await records.read_many(connection, [customer_id]))[customer_id]
    if version is not None and found.version != version:
        raise RecordChanged({"version": found.version})
    return found
