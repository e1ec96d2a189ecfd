"""The ledger of sales records, and what follows from a new one: a set function for every context.

A file of its own: visits, orders, chats and contracts of later contexts are written here in their transactions.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from core.customers import ownership, people, queries
from core.customers.followups import plans
from core.customers.followups.rules import BUSINESS, SalesKind
from core.customers.ownership import Place, Reason
from core.customers.pool import terms, warning
from core.organisation import queries as organisation
from infra import clock
from infra.database import Connection

# Whoever was returned to the pool would come back to who had them last.
_RETURNED = """
SELECT c.id, c.pooled_at, (
    SELECT o.former_id FROM customer_owner_change o WHERE o.customer_id = c.id ORDER BY o.id DESC LIMIT 1
) AS owner_id
FROM customer c WHERE c.id = ANY($1::uuid[]) AND c.pool_reason = 'returned'
"""

_ADD = """
INSERT INTO sales_record (customer_id, staff_id, kind, source, occurred_at)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::timestamptz[])
ON CONFLICT (source, kind) DO NOTHING RETURNING source, kind
"""

# Who came back stands as if never away; else it only goes forward.
_ACTIVE = """
UPDATE customer c SET active_at = s.at, warned_at = NULL
FROM unnest($1::uuid[], $2::timestamptz[], $3::bool[]) AS s (id, at, back)
WHERE c.id = s.id AND (s.back OR c.active_at IS NULL OR c.active_at < s.at)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Something that counts as a record of sales; `source` (with the kind) makes it count once."""

    customer_id: UUID
    staff_id: UUID | None
    kind: SalesKind
    source: UUID
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class _Customer:
    """A customer under lock. `owner_id` has it now, or had it until the system took it, at `returned_at`."""

    id: UUID
    owner_id: UUID | None
    warned: bool
    returned_at: datetime | None

    def counts(self, record: Record) -> bool:
        """Whether a record keeps the customer with the owner."""
        in_time = self.returned_at is None or record.occurred_at < self.returned_at
        return in_time and self.owner_id is not None and (record.kind in BUSINESS or record.staff_id == self.owner_id)


async def add_many(connection: Connection, records: Sequence[Record]) -> list[bool]:
    """Write records down, in the caller's transaction, which holds no lock of a customer yet; for each if it is new.

    Business counts for the customer whoever did it, anything else only between the customer and the owner. Somebody
    whom the system returned to the pool, and wouldn't have with this record, comes back as long as nobody has claimed
    them. Raises KeyError for a customer who doesn't exist.
    """
    customers = await _hold(connection, {record.customer_id for record in records})
    added = await _add(connection, records, customers)
    new = [record for record, is_new in zip(records, added, strict=True) if is_new]
    latest = dict[UUID, tuple[_Customer, Record]]()
    for record in sorted(new, key=lambda record: record.occurred_at):
        customer = customers[record.customer_id]
        if customer.counts(record):
            latest[customer.id] = customer, record
    await _keep(connection, latest.values())
    await plans.renew(connection, {customers[one.customer_id].id for one in new if one.kind is SalesKind.ORDER})
    return added


async def _hold(connection: Connection, asked: Collection[UUID]) -> Mapping[UUID, _Customer]:
    """The customers, or whom they were merged into, by the id asked for."""
    while True:
        # Locks on the wrong customers must go before the right ones are taken, or two of us could wait for each other.
        savepoint = connection.transaction()
        await savepoint.start()
        standing = await queries.standing_many(connection, asked)
        ids = set(standing.values())
        before = {row["id"]: row for row in await connection.fetch(_RETURNED, list(ids))}
        if before:
            await people.hold_guides(connection, {row["owner_id"] for row in before.values() if row["owner_id"]})
        rows = await ownership.hold(connection, ids)
        now = {row["id"]: row["pooled_at"] for row in rows if row["pool_reason"] == Reason.RETURNED}
        returned = {one: row["pooled_at"] for one, row in before.items()}
        is_merged = any(row["merged_into_id"] for row in rows)
        if now == returned and not is_merged and not await queries.changed(connection, standing):
            await savepoint.commit()
            held = {
                row["id"]: _Customer(
                    row["id"],
                    before[row["id"]]["owner_id"] if row["id"] in before else row["guide_id"],
                    row["warned_at"] is not None,
                    now.get(row["id"]),
                )
                for row in rows
            }
            return {one: held[standing[one]] for one in standing}
        await savepoint.rollback()


async def _add(connection: Connection, records: Sequence[Record], customers: Mapping[UUID, _Customer]) -> list[bool]:
    rows = await connection.fetch(
        _ADD,
        [customers[record.customer_id].id for record in records],
        [record.staff_id for record in records],
        [record.kind.value for record in records],
        [record.source for record in records],
        [record.occurred_at for record in records],
    )
    added = {(row["source"], row["kind"]) for row in rows}
    # The same one twice among these is new once.
    return [_taken(added, (record.source, record.kind.value)) for record in records]


def _taken(keys: set[tuple[UUID, str]], key: tuple[UUID, str]) -> bool:
    if key not in keys:
        return False
    keys.remove(key)
    return True


async def _keep(connection: Connection, latest: Iterable[tuple[_Customer, Record]]) -> None:
    """Whoever has an owner stays for another term; whoever would not have been returned comes back."""
    returned = [(customer, record) for customer, record in latest if customer.returned_at]
    back = await _come_back(connection, returned) if returned else set[UUID]()
    kept = [(one, record) for one, record in latest if not one.returned_at or one.id in back]
    await connection.execute(
        _ACTIVE,
        [customer.id for customer, _ in kept],
        [record.occurred_at for _, record in kept],
        [customer.id in back for customer, _ in kept],
    )
    if owners := {customer.owner_id for customer, _ in kept if customer.warned and customer.owner_id}:
        await warning.finish_done(connection, owners)


async def _come_back(connection: Connection, returned: Sequence[tuple[_Customer, Record]]) -> set[UUID]:
    days = await terms.DAYS.get()
    since = clock.start_of_day(clock.business_day() - timedelta(days=days - 1))
    working = await organisation.working_among({customer.owner_id for customer, _ in returned if customer.owner_id})
    back = [
        (customer, record)
        for customer, record in returned
        if customer.owner_id in working and (days == 0 or record.occurred_at >= since)
    ]
    for customer, record in back:
        await ownership.move(
            connection,
            [customer.id],
            Place.OWNED,
            customer.owner_id,
            reason=Reason.CAME_BACK,
            source=record.source,
            by=record.staff_id,
        )
    await plans.renew(connection, {customer.id for customer, _ in back})
    return {customer.id for customer, _ in back}
