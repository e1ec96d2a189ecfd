"""Cases as a part of a customer: nobody waits for an answer who is forgotten."""

from collections.abc import Sequence
from uuid import UUID

from core.customers.parts import PartKind
from infra.context import CustomerPart
from infra.database import Connection
from wechat.inbox import cases, moving
from wechat.inbox.rules import Ended

_OPEN = """
SELECT k.id FROM conversation k JOIN identity i ON i.id = k.identity_id
WHERE i.customer_id = ANY($1::uuid[]) AND k.case_id IS NOT NULL
"""


async def _erase(connection: Connection, customer_ids: Sequence[UUID], _kind: str) -> None:
    found = await connection.fetch(_OPEN, list(customer_ids))
    held = await cases.hold(connection, [row["id"] for row in found])
    await moving.end_these(connection, [one for one in held if one.case_id], Ended.LEFT)


PART = CustomerPart(name="wechat.inbox", title="接待", kind=PartKind.CHATS, erase=_erase)
