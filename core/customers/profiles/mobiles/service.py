"""Use cases around corrections of mobiles."""

from uuid import UUID

import asyncpg

from core.customers import indexing
from core.customers.linking import phones
from core.customers.linking.phones import NewPhone
from core.customers.linking.rules import Door, PhoneLabel
from core.customers.profiles import duplicates, editing
from core.customers.profiles.mobiles import queries, telling
from core.customers.profiles.mobiles.errors import (
    MobileChangeDecided,
    MobileChangeNotFound,
    MobileChangeOpen,
    MobileChangeOwn,
    MobileSame,
    MobileVerified,
)
from core.customers.profiles.mobiles.schemas import MobileChangeIn
from core.customers.profiles.models import MobileChange
from core.customers.timeline import Entry, tell
from core.organisation.queries import Colleague
from infra import audit, clock
from infra.database import Connection, constraint_errors, retry_on_conflict, transaction
from infra.ids import new_id

# The newest one that nobody has proven is the one that is wrong; where all are proven, there is none to correct.
_MOBILES = """
SELECT number, verified_at IS NOT NULL AS verified FROM customer_phone
WHERE customer_id = $1 AND contact_id IS NULL AND label = 'mobile' ORDER BY verified_at IS NOT NULL, id DESC
"""

_REPLACE = """
DELETE FROM customer_phone
WHERE customer_id = $1 AND contact_id IS NULL AND label = 'mobile' AND number = $2 AND verified_at IS NULL
"""


@retry_on_conflict
async def ask(by: Colleague, customer_id: UUID, body: MobileChangeIn) -> UUID:
    """Ask for a correction; returns its id.

    Raises CustomerNotFound, CustomerInPool, MobileVerified, MobileSame, MobileChangeOpen.
    """
    change_id = new_id()
    with constraint_errors({"customer_mobile_change_open_key": MobileChangeOpen}):
        async with transaction() as connection:
            standing = await editing.hold(connection, customer_id, by)
            mobiles = await connection.fetch(_MOBILES, standing)
            if any(row["number"] == body.mobile for row in mobiles):
                raise MobileSame
            if mobiles and mobiles[0]["verified"]:
                raise MobileVerified
            await MobileChange.create(
                id=change_id,
                customer_id=standing,
                former=mobiles[0]["number"] if mobiles else None,
                number=body.mobile,
                reason=body.reason,
                asked_by_id=by.id,
                asked_at=clock.now(),
            )
            await telling.asked(connection, by, standing, change_id)
            await audit.note("mobile_change.asked", "customer", standing, {"mobile_change_id": change_id})
    return change_id


@retry_on_conflict
async def approve(by: Colleague, mobile_change_id: UUID) -> None:
    """Let the right number replace the wrong one.

    Raises MobileChangeNotFound, MobileChangeOwn, MobileChangeDecided, CustomerInPool, MobileVerified and
    DuplicateCustomer; others with the number become merge candidates.
    """
    customer_id, wanted = await _wanted(by, mobile_change_id)
    async with transaction() as connection:
        standing, known, own = await editing.hold_with_mobiles(connection, customer_id, by, [wanted])
        change = await _decide(connection, by, mobile_change_id, approved=True)
        former, number = change["former"], change["number"]
        record, mobiles = await editing.record(connection, standing), [*(one for one in own if one != former), number]
        await duplicates.check(connection, by, record, known, mobiles, confirmed=True)
        replaced = former is None or await connection.fetchrow(f"{_REPLACE} RETURNING id", standing, former)
        if replaced is None and former in own:
            raise MobileVerified
        await phones.put_many(
            connection, [NewPhone(customer_id=standing, number=number, door=Door.STAFF, label=PhoneLabel.MOBILE)]
        )
        indexing.changed([standing])
        await tell(connection, [Entry(standing, clock.now(), "mobile_changed", mobile_change_id, {"by": by.id})])
        await audit.note("mobile_change.approved", "customer", standing, {"mobile_change_id": mobile_change_id})


async def refuse(by: Colleague, mobile_change_id: UUID) -> None:
    """Leave the number as it is. Raises MobileChangeNotFound, MobileChangeOwn, MobileChangeDecided."""
    customer_id, _ = await _wanted(by, mobile_change_id)
    async with transaction() as connection:
        await _decide(connection, by, mobile_change_id, approved=False)
        details = {"mobile_change_id": mobile_change_id}
        await audit.note("mobile_change.refused", "customer", customer_id, details)


async def _wanted(by: Colleague, mobile_change_id: UUID) -> tuple[UUID, str]:
    """Of whom and to what number, of a request in reach that somebody else made."""
    found = await queries.mobile_change(by, mobile_change_id)
    if found.asked_by_id == by.id:
        raise MobileChangeOwn
    row = await MobileChange.get_or_none(id=mobile_change_id)
    if row is None:
        raise MobileChangeNotFound
    return found.customer_id, row.number


async def _decide(connection: Connection, by: Colleague, mobile_change_id: UUID, *, approved: bool) -> asyncpg.Record:
    row = await connection.fetchrow(
        """UPDATE customer_mobile_change SET decided_by_id = $2, decided_at = $3, approved = $4
        WHERE id = $1 AND decided_at IS NULL RETURNING *""",
        mobile_change_id,
        by.id,
        clock.now(),
        approved,
    )
    if row is None:
        raise MobileChangeDecided
    await telling.decided(connection, row)
    return row
