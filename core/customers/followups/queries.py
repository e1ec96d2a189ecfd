"""Reading follow-ups and reminder lists."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import orjson

from core.customers import queries as customers
from core.customers.followups.rules import Reminder, without_numbers
from core.customers.followups.schemas import FollowUpOut, RemindedOut, RemindersOut
from core.files import service as files
from core.organisation.queries import Colleague
from core.organisation.scopes import Put, Values
from infra import clock, database
from infra.paging import moment_cursor
from infra.parameters import Parameter
from infra.schemas import Page

QUIET_DAYS = Parameter(
    name="followups.quiet_days",
    default=90,
    least=1,
    most=3650,
    unit="天",
    help="多少天没有订单或合同即列入“长时间无业务往来”",
    english="Without an order or a contract for so many days a customer counts as long without business",
)

_NOTE = """
SELECT f.id, f.customer_id, f.staff_id, s.name AS author, f.kind, f.body, f.contact_id AS contact_person_id,
       p.name AS contact_person, f.task_id, f.file_ids, f.next_contact_at, f.order_due_on, f.occurred_at,
       f.created_at, c.guide_id, c.pooled_at IS NOT NULL OR c.discarded_at IS NOT NULL AS hidden
FROM follow_up f JOIN staff s ON s.id = f.staff_id JOIN customer c ON c.id = f.customer_id
LEFT JOIN contact_person p ON p.id = f.contact_id
"""

_PAGE = f"""
{_NOTE} WHERE f.customer_id = $1 AND ($2::timestamptz IS NULL OR (f.occurred_at, f.id) < ($2, $3::uuid))
ORDER BY f.occurred_at DESC, f.id DESC LIMIT $4
"""

_QUIET = """
c.created_at < {since} AND NOT EXISTS (
    SELECT FROM sales_record r
    WHERE r.customer_id = c.id AND r.kind IN ('order', 'contract') AND r.occurred_at >= {since}
) AND NOT EXISTS (
    SELECT FROM customer_owner_change o
    WHERE o.customer_id = c.id AND o.guide_id = c.guide_id AND o.changed_at >= {since}
)
"""

_LIST = """
SELECT c.id, c.number, p.name, c.next_contact_at, c.order_due_on, c.active_at, {place} AS place, (
    SELECT max(r.occurred_at) FROM sales_record r WHERE r.customer_id = c.id AND r.kind IN ('order', 'contract')
) AS business_at
FROM customer c LEFT JOIN customer_profile p ON p.customer_id = c.id
WHERE c.guide_id = $1 AND c.merged_into_id IS NULL AND {condition}
  AND ($2::timestamptz IS NULL OR {after})
ORDER BY {order} LIMIT $4
"""

_COUNT = (
    "(SELECT count(*) FROM customer c WHERE c.guide_id = $1 AND c.merged_into_id IS NULL AND {condition}) AS {name}"
)

# What is alike comes in the order of the customers, which an index gives: the list may be long.
_ALIKE = "'epoch'::timestamptz"
_PLACES = {
    Reminder.DUE: "c.next_contact_at",
    Reminder.OVERDUE: "c.next_contact_at",
    Reminder.ORDER_OVERDUE: "c.order_due_on::timestamp AT TIME ZONE 'UTC'",
    Reminder.QUIET: _ALIKE,
    Reminder.RETURNING: _ALIKE,
}
_AFTER = {Reminder.QUIET: "c.number > (SELECT b.number FROM customer b WHERE b.id = $3::uuid)"}
_ORDER = {Reminder.QUIET: "c.number"}


async def page(
    customer_id: UUID, by: Colleague, before: tuple[datetime, UUID] | None, limit: int
) -> tuple[UUID, list[FollowUpOut]]:
    """Who the customer is now, and the notes about them before a moment, newest first. Raises CustomerNotFound."""
    standing = await customers.visible(customer_id, by)
    rows = await database.fetch(_PAGE, standing, *(before or (None, None)), limit)
    return standing, await _shown(rows, by)


async def latest(customer_id: UUID, by: Colleague, limit: int) -> list[FollowUpOut]:
    """The last notes about a customer (no sign post) whom `by` may see."""
    return await _shown(await database.fetch(_PAGE, customer_id, None, None, limit), by)


async def one(follow_up_id: UUID, by: Colleague) -> FollowUpOut:
    """A note that `by` may see."""
    return (await _shown(await database.fetch(f"{_NOTE} WHERE f.id = $1", follow_up_id), by))[0]


async def _shown(rows: Sequence[asyncpg.Record], by: Colleague) -> list[FollowUpOut]:
    file_ids = {row["id"]: [UUID(text) for text in orjson.loads(row["file_ids"])] for row in rows}
    found = await files.links({one for ids in file_ids.values() for one in ids}, by.id)
    return [
        FollowUpOut(
            **dict(row)
            | {
                "body": row["body"] if row["guide_id"] == by.id or not row["body"] else _masked(row),
                "files": [found[one] for one in file_ids[row["id"]] if one in found],
            }
        )
        for row in rows
    ]


def _masked(row: asyncpg.Record) -> str:
    return without_numbers(row["body"], hidden=row["hidden"])


async def _condition(reminder: Reminder, put: Put) -> str:
    """SQL of whom a list has, of a customer `c`."""
    today = clock.business_day()
    match reminder:
        case Reminder.DUE:
            first, last = clock.start_of_day(today), clock.start_of_day(today + timedelta(days=2))
            return f"c.next_contact_at >= {put(first)} AND c.next_contact_at < {put(last)}"
        case Reminder.OVERDUE:
            return f"c.next_contact_at < {put(clock.start_of_day(today))}"
        case Reminder.ORDER_OVERDUE:
            return f"c.order_due_on < {put(today)}"
        case Reminder.QUIET:
            since = clock.start_of_day(today - timedelta(days=await QUIET_DAYS.get() - 1))
            return _QUIET.format(since=put(since))
        case Reminder.RETURNING:
            return "c.warned_at IS NOT NULL"


async def reminders(owner_id: UUID) -> RemindersOut:
    """How many customers of an owner stand on each list."""
    values = Values(owner_id)
    counts = [
        _COUNT.format(condition=await _condition(reminder, values.put), name=reminder.value) for reminder in Reminder
    ]
    row = await database.fetch_one(f"SELECT {', '.join(counts)}", *values)
    return RemindersOut.model_validate(dict(row or {}))


async def reminded(
    owner_id: UUID, reminder: Reminder, after: tuple[datetime, UUID] | None, limit: int
) -> Page[RemindedOut]:
    """The customers of an owner on a list: what is due first comes first."""
    values = Values(owner_id, *(after or (None, None)), limit + 1)
    place = _PLACES[reminder]
    sql = _LIST.format(
        place=place,
        condition=await _condition(reminder, values.put),
        after=_AFTER.get(reminder, f"({place}, c.id) > ($2, $3::uuid)"),
        order=_ORDER.get(reminder, f"{place}, c.id"),
    )
    rows = await database.fetch(sql, *values)
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(
        items=[RemindedOut.model_validate(dict(row)) for row in rows[:limit]],
        next=moment_cursor(last["place"], last["id"]) if last else None,
    )
