"""What is indexed of a customer for search: words of the name, and a term for each thing one can filter by.

A file of its own: everyone who changes a customer says so here, and what is written follows at the end of the
transaction, once per customer.
"""

from collections.abc import Iterable
from uuid import UUID

from infra import database
from infra.database import Connection

_INDEX = """
INSERT INTO customer_search (number, customer_id, terms)
SELECT c.number, c.id, ARRAY(
    SELECT 'n:' || substr(p.name_key, start, width) FROM generate_series(1, length(p.name_key)) AS start,
        generate_series(1, 2) AS width WHERE start + width <= length(p.name_key) + 1
    UNION SELECT 't:' || t.tag_id FROM customer_tag t WHERE t.customer_id = c.id
) FROM customer c LEFT JOIN customer_profile p ON p.customer_id = c.id
WHERE c.id = ANY($1::uuid[]) ORDER BY c.number
ON CONFLICT (number) DO UPDATE SET terms = excluded.terms WHERE customer_search.terms <> excluded.terms
"""


def changed(customer_ids: Iterable[UUID]) -> None:
    """These customers are to be found by what they are now, when the caller's transaction commits."""
    database.gather(_write, list(customer_ids))


async def _write(connection: Connection, customer_ids: list[UUID]) -> None:
    await connection.execute(_INDEX, sorted(set(customer_ids)))
