"""Searching customers: a page of rows, and SQL for who else asks."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg
import orjson

from core.custom_fields import queries as custom_fields
from core.custom_fields.rules import Field, Subject
from core.customers.linking import phones
from core.customers.linking.phones import ShownPhone
from core.customers.profiles.queries import PLACE
from core.customers.search.asking import expect_askable
from core.customers.search.conditions import Conditions
from core.customers.search.listing import Listing
from core.customers.search.schemas import CustomerFilters, CustomerRowOut, CustomersOut, SearchIn
from core.customers.search.views import queries as views
from core.customers.search.whose import Whose
from core.organisation.queries import Colleague
from core.organisation.scopes import Put
from infra import database

_MOST_COUNTED = 10_000

_ROWS = f"""
SELECT c.id, c.number, p.name, COALESCE(p.nature, 'person') AS nature, COALESCE(p.party, 'prospect') AS party,
       COALESCE(p.status, 'active') AS status, COALESCE(p.stage, 'new') AS stage, p.level, {PLACE} AS place,
       c.guide_id AS owner_id, s.name AS owner, c.following, c.next_contact_at, c.active_at AS last_record_at,
       c.created_at, COALESCE(p.custom, '{{}}') AS custom,
       (SELECT max(u.occurred_at) FROM follow_up u WHERE u.customer_id = c.id) AS followed_up_at,
       ARRAY(
           SELECT jsonb_build_object('id', t.id, 'name', t.name, 'kind', t.kind)
           FROM customer_tag w JOIN tag t ON t.id = w.tag_id AND t.deleted_at IS NULL
           WHERE w.customer_id = c.id ORDER BY t.kind, t.name
       ) AS tags
FROM customer c LEFT JOIN customer_profile p ON p.customer_id = c.id LEFT JOIN staff s ON s.id = c.guide_id
WHERE c.id = ANY($1::uuid[]) ORDER BY c.number DESC
"""


async def search(by: Colleague, asked: SearchIn) -> CustomersOut:
    """The customers in reach of `by` that pass, newest first. Raises as `asking.expect_askable` does."""
    await expect_askable(asked.filters)
    return await _page(by, asked)


async def of_view(by: Colleague, view_id: UUID, q: str | None, asked: SearchIn) -> CustomersOut:
    """What a view shows `by`, and of that what `q` means; it no longer asks for fields that were deleted.

    Raises ViewNotFound.
    """
    filters = (await views.view(by, view_id)).filters
    known = {field.id for field in await custom_fields.fields(Subject.CUSTOMER)}
    fields = [condition for condition in filters.fields or () if condition.field_id in known] or None
    wanted = filters.model_copy(update={"fields": fields} | ({"q": q} if q else {}))
    return await _page(by, asked.model_copy(update={"filters": wanted}))


async def _page(by: Colleague, asked: SearchIn) -> CustomersOut:
    found = await Listing(asked.filters, by, asked.cursor, asked.limit + 1).page()
    shown = found[: asked.limit]
    total = len(await Listing(asked.filters, by, None, _MOST_COUNTED + 1).page()) if asked.total else None
    return CustomersOut(
        items=await rows(by, [customer_id for customer_id, _ in shown]),
        next=str(shown[-1][1]) if len(found) > len(shown) else None,
        total=None if total is None else min(total, _MOST_COUNTED),
        more=total is not None and total > _MOST_COUNTED,
    )


async def rows(by: Colleague, customer_ids: Sequence[UUID]) -> list[CustomerRowOut]:
    """These customers, whom `by` reaches, as lists show them, newest first; three statements."""
    if not customer_ids:
        return []
    listed = await custom_fields.listed(Subject.CUSTOMER)
    numbers = await phones.shown(by, customer_ids)
    return [_row(row, listed, numbers[row["id"]]) for row in await database.fetch(_ROWS, list(customer_ids))]


def _row(row: asyncpg.Record, listed: Sequence[Field], numbers: Sequence[ShownPhone]) -> CustomerRowOut:
    custom = orjson.loads(row["custom"])
    return CustomerRowOut.model_validate(
        {
            **row,
            "tags": [orjson.loads(tag) for tag in row["tags"]],
            "phones": [number for number in numbers if number.contact_id is None],
            "custom": {field.key: custom[field.key] for field in listed if field.key in custom},
        }
    )


def matching_sql(filters: CustomerFilters, put: Put, numbers: range | None = None) -> str:
    """SQL of the ids of all customers that pass, whoever looks after them; `put` hands values to the statement.

    With `numbers` of those whose number is among them.
    """
    conditions, whose = Conditions(filters, put), Whose.of(filters, None)
    if whose.nobody:
        return "SELECT NULL::uuid AS id WHERE false"
    owned = "true"
    if whose.one:
        owned = f"c.guide_id = {put(whose.one)}::uuid"
    elif whose.many:
        owned = f"c.guide_id IN ({whose.owners(put)})"
    if numbers is not None:
        first, end = put(numbers.start), put(numbers.stop)
        owned += "".join(f" AND {row}.number >= {first}::bigint AND {row}.number < {end}::bigint" for row in "cs")
    return f"""SELECT c.id FROM customer c JOIN customer_search s ON s.number = c.number
        WHERE {owned} AND {conditions.matching()}"""
