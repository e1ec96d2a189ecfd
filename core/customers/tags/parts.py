"""What tags hang on a customer: they follow a merge, and go when a person is forgotten.

A file of its own: it is handed to `core.customers.parts` by the list of contexts.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from core.customers import indexing
from core.customers.parts import PartKind
from core.customers.tags import queries
from infra.context import CustomerPart
from infra.database import Connection

_AT_REQUEST = "request"

# What rules gave is the target's from now on, and no part of what an undoing gives back: rules give and take it daily.
_RULES_FOLLOW = """
WITH gone AS (
    DELETE FROM customer_tag t USING unnest($1::uuid[], $2::uuid[]) AS m (source, target)
    WHERE t.customer_id = m.source AND t.added_by IS NULL RETURNING m.target, t.tag_id, t.added_at
)
INSERT INTO customer_tag (customer_id, tag_id, added_at) SELECT target, tag_id, min(added_at) FROM gone GROUP BY 1, 2
ON CONFLICT (customer_id, tag_id) DO NOTHING
"""


async def _merge(connection: Connection, targets: Mapping[UUID, UUID]) -> Mapping[UUID, Any]:
    await connection.execute(_RULES_FOLLOW, list(targets), list(targets.values()))
    return {}


async def _erase(connection: Connection, customer_ids: Sequence[UUID], kind: str) -> None:
    """At request they go; when somebody leaves, with the last of what else is known (core.customers.privacy)."""
    if kind == _AT_REQUEST:
        await connection.execute("DELETE FROM customer_tag WHERE customer_id = ANY($1::uuid[])", list(customer_ids))
        indexing.changed(customer_ids)


PART = CustomerPart(
    name="tags",
    title="标签",
    kind=PartKind.BASE,
    tables=("customer_tag",),
    merge=_merge,
    erase=_erase,
    summary=queries.summary,
    data=queries.data,
    counts=queries.counts,
)
