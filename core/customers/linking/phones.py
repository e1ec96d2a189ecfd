"""Numbers: the one table, its one writer, and the one reader that decides who sees how much of them.

A file of its own: every part of customers writes and shows numbers here, and nowhere else. In the pool nobody sees a
number (AT-08), an owner sees all of the own customers', everyone else sees masks (AT-14).
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from core.customers import indexing, queries
from core.customers.linking.errors import NumberHidden
from core.customers.linking.rules import Door, PhoneLabel
from core.organisation.queries import Colleague
from infra import audit, clock, database
from infra.database import Connection
from infra.ids import new_id
from infra.phones import mask

_MOBILE_LENGTH = len("+8613800000000")

_PUT = """
INSERT INTO customer_phone (id, customer_id, contact_id, label, number, door, verified_at, created_at)
SELECT id, customer_id, contact_id, label, number, door, verified_at, $8
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::timestamptz[])
    AS p (id, customer_id, contact_id, label, number, door, verified_at)
ORDER BY customer_id, number
ON CONFLICT (customer_id, contact_id, label, number) DO NOTHING
"""

# Numbers of people to talk to name nobody: a switchboard is many customers' contact.
_HOLDERS = """
SELECT p.id, p.number, p.customer_id, p.label, p.verified_at, p.held_at,
       EXISTS (SELECT FROM identity i WHERE i.customer_id = p.customer_id) AS on_wechat
FROM customer_phone p JOIN customer c ON c.id = p.customer_id
WHERE p.number = ANY($1::text[]) AND p.contact_id IS NULL AND c.merged_into_id IS NULL
ORDER BY p.number, p.customer_id, p.id
"""

_SHOWN = """
SELECT p.id, p.customer_id, p.contact_id, p.label, p.number, c.guide_id,
       p.verified_at IS NOT NULL AND p.held_at IS NULL AS verified,
       c.pooled_at IS NOT NULL OR c.discarded_at IS NOT NULL AS hidden
FROM customer_phone p JOIN customer c ON c.id = p.customer_id
WHERE p.customer_id = ANY($1::uuid[]) ORDER BY p.customer_id, p.contact_id NULLS FIRST, p.label, p.created_at, p.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPhone:
    """A number, parsed (infra.phones), of a customer or of one of its contact persons."""

    customer_id: UUID
    number: str
    door: Door
    label: PhoneLabel = PhoneLabel.MOBILE
    contact_id: UUID | None = None
    verified_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Holder:
    """A customer who has a number. `verified_at` … `held_at` is the time in which it was proven to be theirs."""

    phone_id: UUID
    number: str
    customer_id: UUID
    label: PhoneLabel
    verified_at: datetime | None
    held_at: datetime | None
    on_wechat: bool


@dataclass(frozen=True, slots=True)
class ShownPhone:
    """A number as somebody may see it; `text` is None in the pool, `masked` when parts of it are stars."""

    id: UUID
    label: PhoneLabel
    text: str | None
    masked: bool
    verified: bool
    contact_id: UUID | None


def label_of(number: str) -> PhoneLabel:
    """What a number is for when nobody says."""
    return PhoneLabel.MOBILE if number.startswith("+861") and len(number) == _MOBILE_LENGTH else PhoneLabel.MAIN


async def put_many(connection: Connection, rows: Sequence[NewPhone]) -> None:
    """Write numbers down, in the caller's transaction, which holds the customers' locks; one that is there stays.

    A verified number is another's as long as that one holds it: the violation is customer_phone_verified_key.
    """
    if rows:
        await connection.execute(
            _PUT,
            [new_id() for _ in rows],
            [row.customer_id for row in rows],
            [row.contact_id for row in rows],
            [row.label.value for row in rows],
            [row.number for row in rows],
            [row.door.value for row in rows],
            [row.verified_at for row in rows],
            clock.now(),
        )
        indexing.changed({row.customer_id for row in rows})


async def holders(connection: Connection, numbers: Collection[str]) -> list[Holder]:
    """The customers (not the contact persons) who have these numbers, verified or not, held or not."""
    return [_holder(row) for row in await connection.fetch(_HOLDERS, list(numbers))]


async def find(number: str) -> list[UUID]:
    """The customers who have a number (parsed), in the order of their ids; reach and pool are the caller's matter."""
    async with database.connection() as connection:
        return sorted({holder.customer_id for holder in await holders(connection, [number])})


async def shown(by: Colleague, customer_ids: Collection[UUID], *, unmask: bool = False) -> dict[UUID, list[ShownPhone]]:
    """The numbers of customers (and of their contact persons) as `by`, who reaches them, may see them.

    Whoever has no business with them sees none at all (queries.sees_contact_data).
    `unmask`: others' in full too; the caller asked for `customers:unmask` and writes it down.
    """
    found = defaultdict[UUID, list[ShownPhone]](list)
    wanted = list(customer_ids) if unmask or queries.sees_contact_data(by) else []
    for row in await database.fetch(_SHOWN, wanted):
        found[row["customer_id"]].append(_as_shown(row, full=unmask or row["guide_id"] == by.id))
    return {one: found[one] for one in customer_ids}


async def unmask(by: Colleague, customer_id: UUID) -> list[ShownPhone]:
    """All numbers of a customer as they are, which is written down; the caller asked for `customers:unmask`.

    Raises CustomerNotFound, and NumberHidden in the pool and in the trash, where nobody sees them.
    """
    standing = await queries.standing(customer_id, by)
    rows = await database.fetch(_SHOWN, [standing])
    if any(row["hidden"] for row in rows):
        raise NumberHidden
    await audit.note("customer.unmasked", "customer", standing, {"numbers": len(rows)})
    return [_as_shown(row, full=True) for row in rows]


async def of_person(customer_id: UUID) -> list[dict[str, str]]:
    """All numbers of a customer as they are, for the person's own document."""
    rows = await database.fetch(_SHOWN, [customer_id])
    return [{"label": row["label"], "number": row["number"]} for row in rows]


def _holder(row: asyncpg.Record) -> Holder:
    return Holder(
        row["id"],
        row["number"],
        row["customer_id"],
        PhoneLabel(row["label"]),
        row["verified_at"],
        row["held_at"],
        row["on_wechat"],
    )


def _as_shown(row: asyncpg.Record, *, full: bool) -> ShownPhone:
    text = None if row["hidden"] else row["number"] if full else mask(row["number"])
    masked = text is not None and not full
    return ShownPhone(row["id"], PhoneLabel(row["label"]), text, masked, row["verified"], row["contact_id"])
