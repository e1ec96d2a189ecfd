"""Writing follow-up notes: by the owner, also late, from a phone that was offline."""

from datetime import datetime, timedelta
from uuid import UUID

import orjson

from core.customers import indexing
from core.customers import queries as customers
from core.customers.errors import CustomerInPool, CustomerNotFound
from core.customers.followups import plans, queries, records, reminding
from core.customers.followups.errors import MomentRefused, NotTheOwner
from core.customers.followups.records import Record
from core.customers.followups.rules import SalesKind, moment_of
from core.customers.followups.schemas import FollowUpIn, FollowUpOut
from core.customers.profiles.contacts.errors import ContactPersonNotFound
from core.customers.timeline import Entry, tell
from core.files import service as files
from core.organisation.queries import Colleague
from core.tasks import queries as tasks
from infra import audit, clock
from infra.database import Connection, transaction
from infra.ids import new_id
from infra.parameters import Parameter

BACK_DAYS = Parameter(
    name="followups.back_days",
    default=90,
    least=1,
    most=3650,
    unit="天",
    help="跟进最多可补录多少天以前的",
    english="A follow-up may be entered so many days after it happened",
)
FAST_MINUTES = Parameter(
    name="followups.fast_minutes",
    default=10,
    least=0,
    most=1440,
    unit="分钟",
    help="容许手机时钟快多少分钟",
    english="A phone's clock may be so many minutes ahead",
)

# Whoever the first change after a moment took the customer from had it at that moment.
_OWNER = """
SELECT guide_id, pooled_at IS NOT NULL AS pooled, (
    SELECT o.former_id FROM customer_owner_change o WHERE o.customer_id = c.id AND o.changed_at > $2
    ORDER BY o.id LIMIT 1
) AS former_id, EXISTS (
    SELECT FROM customer_owner_change o WHERE o.customer_id = c.id AND o.changed_at > $2 AND o.reason = 'erased'
) AS erased
FROM customer c WHERE id = $1
"""

_CONTACT = "SELECT FROM contact_person WHERE id = $1 AND customer_id = $2 AND removed_at IS NULL"

_LAST = "SELECT max(occurred_at) FROM follow_up WHERE customer_id = $1"

_ADD = """
INSERT INTO follow_up (id, customer_id, staff_id, contact_id, kind, body, file_ids, task_id, next_contact_at,
                       order_due_on, occurred_at, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, $8, $9, $10, $11, $12)
"""


async def write(by: Colleague, customer_id: UUID, body: FollowUpIn) -> FollowUpOut:
    """What `by`, who has the customer or had it when it happened, wrote down (AT-16).

    With a note from before an automatic return the customer comes back (records.add_many); a note about somebody else's
    customer by now is kept in the history and changes nothing else. Raises CustomerNotFound, CustomerInPool,
    NotTheOwner, MomentRefused, ContactPersonNotFound, TaskNotFound, FileNotFound.
    """
    occurred_at = await _moment(body.occurred_at)
    if body.task_id is not None:
        await tasks.mine(by.id, body.task_id)
    follow_up_id = new_id()
    async with transaction() as connection:
        if customer_id not in await customers.standing_many(connection, [customer_id]):
            raise CustomerNotFound
        kind = SalesKind.FOLLOW_UP
        record = Record(
            customer_id=customer_id, staff_id=by.id, kind=kind, source=follow_up_id, occurred_at=occurred_at
        )
        await records.add_many(connection, [record])
        standing = (await customers.standing_many(connection, [customer_id]))[customer_id]
        is_owner = await _expect_owner(connection, by, standing, occurred_at)
        await _write(connection, record, body, standing)
        if is_owner:
            await plans.renew(connection, [standing])
            await reminding.finish_done(connection, by.id)
        details = {"by": by.id, "form": body.kind}
        await tell(connection, [Entry(standing, occurred_at, kind.value, follow_up_id, details)])
        await audit.note("customer.followed_up", "customer", standing, {"follow_up_id": follow_up_id})
        return await queries.one(follow_up_id, by)


async def _moment(told: datetime | None) -> datetime:
    now = clock.now()
    if told is None:
        return now
    back = timedelta(days=await BACK_DAYS.get())
    found = moment_of(told, now, timedelta(minutes=await FAST_MINUTES.get()), back)
    if found is None:
        raise MomentRefused({"earliest": (now - back).isoformat()})
    return found


async def _expect_owner(connection: Connection, by: Colleague, standing: UUID, occurred_at: datetime) -> bool:
    """Whether `by` has the customer; who had it when it happened only writes history."""
    row = await connection.fetchrow(_OWNER, standing, occurred_at)
    # Nothing comes back about who was forgotten since.
    if row is None or row["erased"]:
        raise CustomerNotFound
    if row["guide_id"] == by.id:
        return True
    if row["former_id"] == by.id:
        return False
    if row["pooled"] and by.may("pool:read"):
        raise CustomerInPool
    await customers.standing(standing, by)
    raise NotTheOwner


async def _write(connection: Connection, record: Record, body: FollowUpIn, standing: UUID) -> None:
    if body.contact_person_id is not None and not await connection.fetch(_CONTACT, body.contact_person_id, standing):
        raise ContactPersonNotFound
    if body.file_ids and record.staff_id is not None:
        await files.keep(connection, body.file_ids, record.staff_id)
    last = await connection.fetchval(_LAST, standing)
    if last is None or _month(last) < _month(record.occurred_at):
        indexing.changed([standing])
    await connection.execute(
        _ADD,
        record.source,
        standing,
        record.staff_id,
        body.contact_person_id,
        body.kind.value,
        body.body,
        orjson.dumps(body.file_ids).decode(),
        body.task_id,
        body.next_contact_at,
        body.order_due_on,
        record.occurred_at,
        clock.now(),
    )


def _month(at: datetime) -> tuple[int, int]:
    day = clock.business_day(at)
    return day.year, day.month
