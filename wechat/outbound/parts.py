"""What was to be said to a person: its contents are forgotten with the person; that something was sent stays.

A file of its own, as `core.customers.parts` is. The person's own document tells it as part of the conversation.
"""

from collections.abc import Sequence
from uuid import UUID

from core.customers.parts import PartKind
from infra.context import CustomerPart
from infra.database import Connection
from wechat.outbound import windows
from wechat.outbound.rules import Why

_PEOPLE = "SELECT digest FROM identity WHERE customer_id = ANY($1::uuid[])"

_FORGET = f"""
UPDATE outbound_message SET openid = NULL, payload = '{{}}',
    error = CASE WHEN state = 'pending' THEN $2 ELSE error END,
    state = CASE WHEN state = 'pending' THEN 'skipped' ELSE state END
WHERE channel = 'customer' AND digest IN ({_PEOPLE}) AND openid IS NOT NULL
"""


async def _erase(connection: Connection, customer_ids: Sequence[UUID], _kind: str) -> None:
    ids = list(customer_ids)
    await windows.lock(connection, [row["digest"] for row in await connection.fetch(_PEOPLE, ids)])
    await connection.execute(f"DELETE FROM customer_window WHERE digest IN ({_PEOPLE})", ids)
    await connection.execute(_FORGET, ids, Why.FORGOTTEN)


PART = CustomerPart(name="wechat.outbound", title="发出的微信消息", kind=PartKind.CHATS, erase=_erase)
