"""Claims, assignment, transfer, the trash: each act takes all customers named or none, and tells who is concerned.

Locks in this order: the receiver, the receiver's customers as a whole (people.hold_guides), the customers by id.
"""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg

from core.customers import ownership, queries
from core.customers.errors import CustomerInPool, CustomerNotFound
from core.customers.ownership import Place, Reason
from core.customers.pool.errors import ClaimLimitReached, ClaimTooLarge, NotInPool, NotInTrash, NotYourCustomers
from core.customers.pool.schemas import ClaimedOut, MovedOut
from core.customers.profiles import service as profiles
from core.customers.profiles.creating import drafted
from core.customers.profiles.schemas import CustomerIn
from core.notices import service as notices
from core.notices.rules import NoticeKind
from core.notices.service import NewNotice
from core.organisation.errors import StaffNotFound
from core.organisation.handover.errors import ReceiverIsGiver, ReceiverNotAtWork
from core.organisation.queries import Colleague
from core.organisation.scopes import reaches
from infra import audit, clock
from infra.database import Connection, transaction
from infra.errors import DomainError, InvalidInput
from infra.ids import new_id
from infra.parameters import Parameter

CLAIM_SIZE = Parameter(
    name="pool.claim_size",
    default=10,
    least=1,
    most=1000,
    unit="位",
    help="员工单次最多可从公海领取的客户数",
    english="The most customers claimed from the pool at once",
)
CLAIMS_PER_DAY = Parameter(
    name="pool.claims_per_day",
    default=10,
    least=0,
    most=1000,
    unit="次",
    help="每位员工每个工作日可领取的次数",
    english="How often each colleague may claim on a working day",
)
GIVEN = NoticeKind("customers.given", title="收到客户")
TAKEN = NoticeKind("customers.taken", title="客户已转出")

_RECEIVER = {
    # Who claims takes turns with the own other claims.
    True: "SELECT left_at IS NULL AND disabled_at IS NULL FROM staff WHERE id = $1 FOR NO KEY UPDATE",
    False: "SELECT left_at IS NULL AND disabled_at IS NULL FROM staff WHERE id = $1 FOR SHARE",
}

_CLAIM = """
INSERT INTO pool_claim (id, staff_id, day, ordinal, customers, claimed_at)
SELECT $1, $2, $3, n.ordinal, $4, $5 FROM (
    SELECT 1 + count(*) AS ordinal FROM pool_claim WHERE staff_id = $2 AND day = $3
) n WHERE n.ordinal <= $6 RETURNING ordinal
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Act:
    """What `by` does: customers go to a place, for a reason."""

    by: Colleague
    place: Place
    reason: Reason
    owner_id: UUID | None = None
    id: UUID = field(default_factory=new_id)


async def claim(by: Colleague, customer_ids: Collection[UUID]) -> ClaimedOut:
    """Take customers from the pool for oneself. Raises ClaimTooLarge, ClaimLimitReached, NotInPool."""
    wanted, most, daily = set(customer_ids), await CLAIM_SIZE.get(), await CLAIMS_PER_DAY.get()
    if len(wanted) > most:
        raise ClaimTooLarge({"most": most, "asked": len(wanted)})
    act = _Act(by=by, place=Place.OWNED, reason=Reason.CLAIMED, owner_id=by.id)
    async with transaction() as connection:
        await _hold_receiver(connection, by.id, alone=True)
        rows = await _take(connection, act, wanted, _in_pool, NotInPool)
        day, now = clock.business_day(), clock.now()
        ordinal = await connection.fetchval(_CLAIM, act.id, by.id, day, len(rows), now, daily)
        if ordinal is None:
            raise ClaimLimitReached({"most": daily})
        moved = await _move(connection, act, rows)
    return ClaimedOut(**moved.model_dump(), claims_left=daily - ordinal)


async def create(by: Colleague, body: CustomerIn) -> UUID:
    """A new customer straight into the pool. Raises InvalidInput with an owner, and as profiles.service.create does."""
    if body.owner_id is not None:
        raise InvalidInput({"field": "owner_id"})
    return await profiles.create(by, drafted(body, Place.POOL, None))


async def assign_from_pool(by: Colleague, customer_ids: Collection[UUID], to: UUID) -> MovedOut:
    """Give customers of the pool to a colleague in reach. Raises StaffNotFound, ReceiverNotAtWork, NotInPool."""
    act = _Act(by=by, place=Place.OWNED, reason=Reason.ASSIGNED, owner_id=to)
    async with transaction() as connection:
        await _expect_reach(by, to)
        await _hold_receiver(connection, to)
        return await _move(connection, act, await _take(connection, act, customer_ids, _in_pool, NotInPool))


async def assign(by: Colleague, customer_ids: Collection[UUID], to: UUID) -> MovedOut:
    """Change the owner of customers in reach to a colleague in reach, as a superior; who has them already keeps them.

    Raises StaffNotFound, ReceiverNotAtWork, CustomerNotFound, CustomerInPool.
    """
    act = _Act(by=by, place=Place.OWNED, reason=Reason.ASSIGNED, owner_id=to)
    async with transaction() as connection:
        await _expect_reach(by, to)
        await _hold_receiver(connection, to)
        rows = await _take(connection, act, customer_ids, _in_reach_or_seen_in_pool(by), CustomerNotFound)
        if pooled := [str(row["id"]) for row in rows if row["pooled_at"]]:
            raise CustomerInPool({"customer_ids": pooled})
        rows = [row for row in rows if row["guide_id"] != to]
        await _tell_former_owners(connection, act, rows)
        return await _move(connection, act, rows)


async def transfer(by: Colleague, customer_ids: Collection[UUID], to: UUID | None) -> MovedOut:
    """Give own customers to a colleague, or without one to the pool (AT-13).

    Raises NotYourCustomers, StaffNotFound, ReceiverNotAtWork, ReceiverIsGiver.
    """
    if to == by.id:
        raise ReceiverIsGiver
    place, reason = (Place.OWNED, Reason.TRANSFERRED) if to else (Place.POOL, Reason.RELEASED)
    act = _Act(by=by, place=place, reason=reason, owner_id=to)
    async with transaction() as connection:
        if to is not None:
            await _hold_receiver(connection, to)
        rows = await _take(connection, act, customer_ids, lambda row: row["guide_id"] == by.id, NotYourCustomers)
        return await _move(connection, act, rows)


async def discard(by: Colleague, customer_ids: Collection[UUID]) -> MovedOut:
    """From the pool to the trash. Raises NotInPool."""
    act = _Act(by=by, place=Place.TRASH, reason=Reason.DISCARDED)
    async with transaction() as connection:
        return await _move(connection, act, await _take(connection, act, customer_ids, _in_pool, NotInPool))


async def restore(by: Colleague, customer_ids: Collection[UUID]) -> MovedOut:
    """From the trash to the pool. Raises NotInTrash."""
    act = _Act(by=by, place=Place.POOL, reason=Reason.RESTORED)
    async with transaction() as connection:
        return await _move(connection, act, await _take(connection, act, customer_ids, _in_trash, NotInTrash))


def _in_pool(row: asyncpg.Record) -> bool:
    return row["pooled_at"] is not None


def _in_trash(row: asyncpg.Record) -> bool:
    return row["discarded_at"] is not None


def _in_reach_or_seen_in_pool(by: Colleague) -> Callable[[asyncpg.Record], bool]:
    def fits(row: asyncpg.Record) -> bool:
        if row["pooled_at"]:
            return by.may("pool:read")
        return row["reached"] and not row["discarded_at"]

    return fits


async def _expect_reach(by: Colleague, to: UUID) -> None:
    if not await reaches(by, to):
        raise StaffNotFound


async def _hold_receiver(connection: Connection, staff_id: UUID, *, alone: bool = False) -> None:
    """Until the commit the receiver neither leaves nor is disabled. Raises StaffNotFound, ReceiverNotAtWork."""
    at_work = await connection.fetchval(_RECEIVER[alone], staff_id)
    if at_work is None:
        raise StaffNotFound
    if not at_work:
        raise ReceiverNotAtWork


async def _take(
    connection: Connection,
    act: _Act,
    customer_ids: Collection[UUID],
    fits: Callable[[asyncpg.Record], bool],
    otherwise: type[DomainError],
) -> list[asyncpg.Record]:
    """The customers named, or whom they were merged into, under lock; raises `otherwise` unless all of them fit."""
    standing = await queries.standing_many(connection, customer_ids)
    rows = await ownership.hold(connection, set(standing.values()), act.owner_id, act.by)
    rows = [row for row in rows if row["merged_into_id"] is None and fits(row)]
    fitting = {row["id"] for row in rows}
    meant = {one for one in standing if standing[one] in fitting} - await queries.changed(connection, standing)
    if others := sorted(str(one) for one in set(customer_ids) - meant):
        raise otherwise({"customer_ids": others})
    return rows


async def _move(connection: Connection, act: _Act, rows: Sequence[asyncpg.Record]) -> MovedOut:
    number, owner_id = len(rows), act.owner_id
    await ownership.move(
        connection,
        [row["id"] for row in rows],
        act.place,
        owner_id,
        reason=act.reason,
        source=act.id,
        by=act.by.id,
    )
    await audit.note(f"customers.{act.reason}", "owner_change", act.id, {"customers": number, "owner_id": owner_id})
    if owner_id is not None and owner_id != act.by.id and rows:
        await notices.notify_many(
            connection,
            [
                NewNotice(
                    staff_id=owner_id,
                    key=f"{GIVEN.name}:{act.id}",
                    kind=GIVEN.name,
                    title=f"您收到 {number} 位客户",
                    body=f"{act.by.name}将 {number} 位客户转给您，请及时跟进",
                    link="/customers",
                )
            ],
        )
    return MovedOut(act_id=act.id, customers=number)


async def _tell_former_owners(connection: Connection, act: _Act, rows: Sequence[asyncpg.Record]) -> None:
    lost = Counter(row["guide_id"] for row in rows if row["guide_id"] not in {None, act.by.id})
    await notices.notify_many(
        connection,
        [
            NewNotice(
                staff_id=owner_id,
                key=f"{TAKEN.name}:{act.id}",
                kind=TAKEN.name,
                title=f"您有 {number} 位客户已转出",
                body=f"{act.by.name}将您的 {number} 位客户转给了其他同事",
                link="/customers",
            )
            for owner_id, number in sorted(lost.items())
        ],
    )
