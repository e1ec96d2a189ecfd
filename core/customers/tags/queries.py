"""Reading tags, and who has them."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from core.customers import queries as customers
from core.customers.search.missing import missing_of
from core.customers.search.schemas import CustomerFilters
from core.customers.tags.errors import TagNotFound
from core.customers.tags.rules import TagKind
from core.customers.tags.schemas import CustomerTagOut, TagOut
from core.organisation.queries import Colleague
from core.organisation.scopes import Values, staff_in_reach
from core.permissions.rules import Scope
from infra import database
from infra.database import Connection

_MOST = 10_000

_PAGE = """
SELECT id, kind, name, rule, evaluated_at, evaluate_at, version, created_at FROM tag
WHERE deleted_at IS NULL AND ($1::uuid IS NULL OR id > $1) AND ($2::text IS NULL OR kind = $2) ORDER BY id LIMIT $3
"""

_ONE = """
SELECT id, kind, name, rule, evaluated_at, evaluate_at, version, created_at FROM tag
WHERE id = $1 AND deleted_at IS NULL
"""

# Counting stops soon after ten thousand: an index can't say how many there are without counting them.
_OF_EVERYBODY = """
SELECT t.id, (SELECT count(*) FROM (SELECT FROM customer_tag c WHERE c.tag_id = t.id LIMIT $2 + 1) few) AS customers
FROM unnest($1::uuid[]) AS t (id)
"""

# From the customers to their tags: one colleague or store has few, a tag may have very many.
_IN_REACH = """
SELECT t.tag_id AS id, count(*) AS customers FROM customer c JOIN customer_tag t ON t.customer_id = c.id
WHERE t.tag_id = ANY($1::uuid[]) AND c.guide_id IN ({reach}) GROUP BY t.tag_id
"""

_OF_CUSTOMER = """
SELECT t.id, t.kind, t.name, s.name AS by, c.added_at
FROM customer_tag c JOIN tag t ON t.id = c.tag_id AND t.deleted_at IS NULL LEFT JOIN staff s ON s.id = c.added_by
WHERE c.customer_id = $1 ORDER BY t.kind, t.name
"""

_COUNTS = "SELECT customer_id, count(*) AS n FROM customer_tag WHERE customer_id = ANY($1::uuid[]) GROUP BY customer_id"


async def page(by: Colleague, kind: TagKind | None, after: UUID | None, limit: int) -> list[TagOut]:
    """Tags in the order they were made."""
    return await _shown(by, await database.fetch(_PAGE, after, kind, limit))


async def tag(by: Colleague, tag_id: UUID) -> TagOut:
    """One tag. Raises TagNotFound."""
    found = await _shown(by, await database.fetch(_ONE, tag_id))
    if not found:
        raise TagNotFound
    return found[0]


async def _shown(by: Colleague, rows: Sequence[asyncpg.Record]) -> list[TagOut]:
    rules = [row["rule"] and CustomerFilters.model_validate_json(row["rule"]) for row in rows]
    missing = await missing_of([rule for rule in rules if rule])
    counts = await _counts(by, [row["id"] for row in rows])
    return [
        TagOut(
            **dict(row)
            | {
                "rule": rule,
                "customers": None if counts is None else min(counts.get(row["id"], 0), _MOST),
                "more": counts is not None and counts.get(row["id"], 0) > _MOST,
                "missing": [one for one in missing if rule and one.asked_by(rule)],
            }
        )
        for row, rule in zip(rows, rules, strict=True)
    ]


async def _counts(by: Colleague, tag_ids: Collection[UUID]) -> dict[UUID, int] | None:
    """How many customers in reach have each tag; None where counting would take long: with departments in reach."""
    values = Values(list(tag_ids))
    reach = staff_in_reach(by, values.put)
    if reach is None:
        rows = await database.fetch(_OF_EVERYBODY, list(tag_ids), _MOST)
    elif by.scope in {Scope.OWN, Scope.STORE} and not by.granted_departments:
        rows = await database.fetch(_IN_REACH.format(reach=reach), *values)
    else:
        return None
    return {row["id"]: row["customers"] for row in rows}


async def of_customer(customer_id: UUID, by: Colleague) -> list[CustomerTagOut]:
    """A customer's tags and groups. Raises CustomerNotFound."""
    rows = await database.fetch(_OF_CUSTOMER, await customers.standing(customer_id, by))
    return [CustomerTagOut(**row) for row in rows]


async def summary(customer_id: UUID, _by: Any) -> list[dict[str, Any]]:
    """A customer's tags, for the whole picture."""
    return [CustomerTagOut(**row).model_dump(mode="json") for row in await database.fetch(_OF_CUSTOMER, customer_id)]


async def data(customer_id: UUID) -> list[dict[str, Any]]:
    """The same for the person's own document: which, and since when."""
    rows = await database.fetch(_OF_CUSTOMER, customer_id)
    return [{"kind": row["kind"], "name": row["name"], "since": row["added_at"].isoformat()} for row in rows]


async def counts(connection: Connection, customer_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many tags customers have, for previews."""
    rows = await connection.fetch(_COUNTS, list(customer_ids))
    return {UUID(int=row["customer_id"].int): row["n"] for row in rows}
