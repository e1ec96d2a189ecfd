"""Who has the same mobile already (F-04, AT-17): asked by everything that enters a number or a name.

A file of its own: creation, change and correction of a number go through it. Two customers may well have the same
mobile and name (a number given out again, a merge undone), so no constraint forbids it: whoever enters one holds the
number meanwhile.
"""

from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

from core.customers.linking import phones
from core.customers.linking import service as linking
from core.customers.linking.rules import PhoneLabel
from core.customers.merging import TAKE_TURNS, turns
from core.customers.profiles.errors import DuplicateCustomer, PossibleDuplicate
from core.customers.profiles.records import Record
from core.customers.profiles.rules import name_key
from core.organisation.queries import Colleague
from core.organisation.scopes import Values, of_staff
from infra import database
from infra.database import Connection
from infra.errors import DomainError
from infra.phones import is_mobile

SAME_MOBILE = "same_mobile"

_NUMBERS = """
SELECT label, array_agg(number) AS numbers FROM customer_phone WHERE customer_id = $1 AND contact_id IS NULL GROUP BY 1
"""

_NAMES = "SELECT customer_id, name_key FROM customer_profile WHERE customer_id = ANY($1::uuid[])"


class Known:
    """Who has which mobile under which name; what is entered meanwhile can be added."""

    def __init__(self, people: Mapping[str, Mapping[UUID, str | None]]) -> None:
        self._people = {number: dict(found) for number, found in people.items()}

    def add(self, customer_id: UUID, name: str | None, mobiles: Iterable[str]) -> None:
        for number in mobiles:
            self._people.setdefault(number, {})[customer_id] = name_key(name) if name else None

    def alike(self, name: str | None, mobiles: Iterable[str], *, but: UUID | None = None) -> tuple[list[UUID], bool]:
        """The others with one of these mobiles, and whether one of them has the name too; then only those."""
        key = name_key(name) if name else None
        found = {one: other for number in mobiles for one, other in self._people.get(number, {}).items() if one != but}
        same = sorted(one for one, other in found.items() if key is not None and other == key)
        return (same, True) if same else (sorted(found), False)


async def hold(connection: Connection, numbers: Iterable[str]) -> Known:
    """Until the caller's transaction ends nobody else enters these mobiles; returns who has them.

    Comes after `people.hold_guides` and before any lock of a customer.
    """
    mobiles = sorted({number for number in numbers if is_mobile(number)})
    if not mobiles:
        return Known({})
    # The same turns as of what arrives about people (linking.evidence).
    await connection.execute(TAKE_TURNS, turns(("phone", number) for number in mobiles))
    holders = await phones.holders(connection, mobiles)
    rows = await connection.fetch(_NAMES, list({holder.customer_id for holder in holders}))
    names = {row["customer_id"]: row["name_key"] for row in rows}
    people: dict[str, dict[UUID, str | None]] = {number: {} for number in mobiles}
    for holder in holders:
        people[holder.number][holder.customer_id] = names.get(holder.customer_id)
    return Known(people)


async def mobiles_of(connection: Connection, customer_id: UUID) -> list[str]:
    """The mobiles a customer has now, to hold them; never for output."""
    numbers = await numbers_of(connection, customer_id)
    return [number for labelled in numbers.values() for number in labelled if is_mobile(number)]


async def numbers_of(connection: Connection, customer_id: UUID) -> dict[PhoneLabel, list[str]]:
    """The numbers a customer has now, by what they are for, to compare with; never for output."""
    rows = await connection.fetch(_NUMBERS, customer_id)
    return {PhoneLabel(row["label"]): row["numbers"] for row in rows}


async def check(
    connection: Connection, by: Colleague, record: Record, known: Known, mobiles: Iterable[str], *, confirmed: bool
) -> None:
    """Others with a mobile and name of a record that changes are refused; with the mobile alone they become candidates.

    Raises DuplicateCustomer, and unless it is confirmed PossibleDuplicate.
    """
    alike, same = known.alike(record.value("name"), mobiles, but=record.customer_id)
    if error := refusal(alike, same=same, confirmed=confirmed):
        await say_who(by, error)
        raise error
    await linking.suggest(connection, [(record.customer_id, other) for other in alike], SAME_MOBILE)


async def say_who(by: Colleague, error: DomainError) -> None:
    """Of those with the same mobile the caller learns the ids of who is in reach, and how many others there are."""
    if not isinstance(error, DuplicateCustomer | PossibleDuplicate):
        return
    alike = error.details["customer_ids"]
    values = Values(list(alike))
    sql = f"SELECT id FROM customer WHERE id = ANY($1::uuid[]) AND {of_staff(by, values.put, 'guide_id')} ORDER BY id"
    reached = [str(row["id"]) for row in await database.fetch(sql, *values)]
    error.details.update(customer_ids=reached, others=len(alike) - len(reached))


def refusal(alike: Collection[UUID], *, same: bool, confirmed: bool) -> DomainError | None:
    """Why somebody with these mobiles and this name can't be entered; `details.customer_ids` is for our own eyes."""
    if not alike or (confirmed and not same):
        return None
    return (DuplicateCustomer if same else PossibleDuplicate)({"customer_ids": list(alike)})
