"""What tags hang on a customer: they follow a merge, and go when a person is forgotten.

A file of its own: it is handed to `core.customers.parts` by the list of contexts.
"""

from collections.abc import Sequence
from uuid import UUID

from core.customers import indexing
from core.customers.parts import PartKind
from core.customers.tags import queries
from infra.context import CustomerPart
from infra.database import Connection

_AT_REQUEST = "request"


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
    erase=_erase,
    summary=queries.summary,
    data=queries.data,
    counts=queries.counts,
)
