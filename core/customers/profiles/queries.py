"""Reading records: one, who is there already, the stages."""

from typing import Any
from uuid import UUID

import asyncpg

from core.customers import queries
from core.customers.errors import CustomerNotFound
from core.customers.indexing import BUCKET_BITS
from core.customers.linking import phones
from core.customers.linking.phones import ShownPhone
from core.customers.ownership import Place
from core.customers.profiles.records import Record, parted
from core.customers.profiles.rules import masked_email, name_key
from core.customers.profiles.schemas import (
    CustomerOut,
    FoundOut,
    LookupOut,
    OwnerOut,
    PhoneOut,
    SourceOut,
    StageChangeOut,
)
from core.organisation.queries import Colleague
from core.organisation.scopes import Values, of_staff
from core.stores.schemas import PositionOut
from infra import database, names
from infra.geo import Datum, Position
from infra.parameters import Parameter

LOOKUP_LIMIT = Parameter(
    name="customers.lookup_limit",
    default=20,
    least=1,
    most=100,
    help="录入前查重时最多显示的客户数",
    english="The most customers shown when somebody looks for duplicates before an entry",
    unit="个",
)
# Beyond so many that hold the fragment nobody looks any further: more of the name is needed.
_CANDIDATES = 500

# Where somebody is to be found: contact data as numbers are.
_WHERE = ("address", "postcode", "position")

PLACE = """
CASE WHEN c.discarded_at IS NOT NULL THEN 'trash' WHEN c.pooled_at IS NOT NULL THEN 'pool'
     WHEN c.guide_id IS NULL THEN 'nobody' ELSE 'owned' END
"""

_CUSTOMER = f"""
SELECT c.number, c.following, c.created_at AS since, {PLACE} AS place, c.guide_id AS owner_id, s.name AS owner,
       d.name AS department, p.*
FROM customer c LEFT JOIN customer_profile p ON p.customer_id = c.id
LEFT JOIN staff s ON s.id = c.guide_id LEFT JOIN department d ON d.id = s.department_id WHERE c.id = $1
"""

# Above it may stand somebody who was merged.
_PARENT = """
WITH RECURSIVE way AS (
    SELECT id, merged_into_id, guide_id FROM customer WHERE id = $1
    UNION ALL SELECT c.id, c.merged_into_id, c.guide_id FROM way w JOIN customer c ON c.id = w.merged_into_id
)
SELECT w.id, CASE WHEN {reach} THEN p.name END AS name FROM way w
LEFT JOIN customer_profile p ON p.customer_id = w.id WHERE w.merged_into_id IS NULL
"""

_FOUND = f"""
SELECT c.id, c.number, p.name, COALESCE(p.nature, 'person') AS nature, {PLACE} AS place, s.name AS owner,
       d.name AS department, {{reach}} AS reached
FROM customer c LEFT JOIN customer_profile p ON p.customer_id = c.id
LEFT JOIN staff s ON s.id = c.guide_id LEFT JOIN department d ON d.id = s.department_id
WHERE c.id = ANY($1::uuid[]) AND c.merged_into_id IS NULL
ORDER BY p.name_key IS DISTINCT FROM $2, c.number DESC LIMIT $3
"""

# The same name first; then what holds the fragment in its own name or in a contact person's, bucket after bucket of the
# index, the newest customers first: as quick for what many names hold as for what none does. A row without an id: there
# are more that may. (+ 0: no other index will do.)
_BY_NAME = f"""
WITH same AS MATERIALIZED (
    SELECT customer_id FROM customer_profile WHERE name_key = $1 LIMIT $4
), near AS MATERIALIZED (
    SELECT found.customer_id
    FROM (SELECT max(number) AS number FROM customer_search) newest,
        generate_series(newest.number >> {BUCKET_BITS}, 0, -1) AS bucket
    CROSS JOIN LATERAL (
        SELECT s.customer_id FROM customer_search s WHERE s.terms @> array_append($2::text[], 'k:' || bucket)
        ORDER BY s.number + 0 DESC
    ) found LIMIT $3 + 1
)
SELECT customer_id FROM same
UNION SELECT n.customer_id FROM near n LEFT JOIN customer_profile p ON p.customer_id = n.customer_id
WHERE strpos(p.name_key, $1) > 0 OR EXISTS (
    SELECT FROM contact_person t
    WHERE t.customer_id = n.customer_id AND t.removed_at IS NULL AND strpos(t.name_key, $1) > 0)
UNION SELECT NULL FROM near HAVING count(*) > $3
"""

_STAGES = """
SELECT h.id, h.former, h.stage, s.name AS by, h.changed_at
FROM customer_stage_change h LEFT JOIN staff s ON s.id = h.changed_by
WHERE h.customer_id = $1 AND ($2::bigint IS NULL OR h.id < $2) ORDER BY h.id DESC LIMIT $3
"""


async def customer(by: Colleague, customer_id: UUID) -> CustomerOut:
    """The record of a customer (or of whom it was merged into). Raises CustomerNotFound."""
    standing = await queries.visible(customer_id, by)
    row = await database.fetch_one(_CUSTOMER, standing)
    if row is None:
        raise CustomerNotFound
    record = parted(row) if row["version"] else Record(standing)
    numbers = (await phones.shown(by, [standing]))[standing]
    parent = await _parent(by, record.value("parent_id"))
    owner = row["owner_id"] and OwnerOut(id=row["owner_id"], name=row["owner"], department=row["department"])
    return CustomerOut(
        id=standing,
        number=row["number"],
        version=record.version,
        place=Place(row["place"]),
        owner=owner,
        following=row["following"],
        stage=record.stage,
        parent_unit_id=parent and parent["id"],
        parent_unit=parent and parent["name"],
        phones=[shown_phone(number) for number in numbers if number.contact_id is None],
        custom=record.custom,
        sources={name: SourceOut(door=said.door, at=said.at) for name, said in record.said.items()},
        created_at=row["since"],
        updated_at=row["updated_at"],
        **_fields(by, record, row),
    )


def _fields(by: Colleague, record: Record, row: asyncpg.Record) -> dict[str, Any]:
    plain = CustomerOut.model_fields.keys() & {
        *("nature", "party", "status", "name", "mnemonic", "gender", "birthday", "level", "industry", "province"),
        *("city", "address", "postcode", "home_page", "credit_grade", "credit_limit", "remark", "registered_at"),
    }
    email = shown_email(by, record.value("email"), row["owner_id"], hidden=row["place"] in {"pool", "trash"})
    position = record.value("position")
    placed = Position(position[0], position[1], Datum(position[2])) if position else None
    shown = placed and PositionOut.model_validate(placed)
    found = {name: record.value(name) for name in plain} | {"email": email, "position": shown}
    return found if queries.sees_contact_data(by) else found | dict.fromkeys(_WHERE)


def shown_email(by: Colleague, email: str | None, owner_id: UUID | None, *, hidden: bool) -> str | None:
    """An address as numbers are shown: whole to the owner, masked to others, to nobody in the pool (AT-14)."""
    if email is None or hidden or not queries.sees_contact_data(by):
        return None
    return email if owner_id == by.id else masked_email(email)


def shown_phone(number: ShownPhone) -> PhoneOut:
    """For an answer."""
    return PhoneOut.model_validate(number)


async def _parent(by: Colleague, parent_id: UUID | None) -> asyncpg.Record | None:
    if parent_id is None:
        return None
    values = Values(parent_id)
    return await database.fetch_one(_PARENT.format(reach=of_staff(by, values.put, "w.guide_id")), *values)


async def lookup_name(by: Colleague, name: str) -> LookupOut:
    """Who in the whole company has a fragment in the name, so that two don't work on one customer (F-05, AT-21)."""
    key = name_key(name)
    terms = [f"n:{piece}" for piece in names.pieces(key) if len(piece) == min(len(key), 2)]
    limit = await LOOKUP_LIMIT.get()
    rows = await database.fetch(_BY_NAME, key, terms, _CANDIDATES, limit + 1)
    ids = {row["customer_id"] for row in rows}
    found = await _found(by, list(ids - {None}), key, limit)
    return found.model_copy(update={"more": True}) if None in ids else found


async def lookup_mobile(by: Colleague, mobile: str) -> LookupOut:
    """Who in the whole company has a mobile."""
    return await _found(by, await phones.find(mobile), "", await LOOKUP_LIMIT.get())


async def _found(by: Colleague, customer_ids: list[UUID], key: str, limit: int) -> LookupOut:
    values = Values(customer_ids, key, limit + 1)
    rows = await database.fetch(_FOUND.format(reach=of_staff(by, values.put, "c.guide_id")), *values)
    found = [FoundOut(**dict(row) | {"id": row["id"] if row["reached"] else None}) for row in rows[:limit]]
    return LookupOut(items=found, more=len(rows) > limit)


async def stages(customer_id: UUID, before: int | None, limit: int) -> list[StageChangeOut]:
    """The stages a customer (no sign post) went through, the latest first."""
    rows = await database.fetch(_STAGES, customer_id, before, limit)
    return [StageChangeOut.model_validate(dict(row)) for row in rows]
