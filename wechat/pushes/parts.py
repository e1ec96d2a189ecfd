"""What the platform pushed about a person, and what we answered: told in the person's own document, and forgotten.

A file of its own, as `core.customers.parts` is. A conversation as people read it is another context's.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from core.customers.parts import PartKind
from infra import database
from infra.context import CustomerPart
from infra.database import Connection
from wechat.pushes.parsing import parse

_PEOPLE = "SELECT digest FROM identity WHERE customer_id = ANY($1::uuid[])"

# What still waits to be handled is of somebody who came back just now: it goes when its days have passed.
_ERASE = f"""
DELETE FROM push p USING ({_PEOPLE}) AS person WHERE p.person = person.digest
AND encode(p.person, 'hex') NOT IN (SELECT key FROM outbox WHERE relayed_at IS NULL)
AND NOT EXISTS (
    SELECT FROM event_delivery d WHERE d.handler = 'wechat.pushes.record' AND d.key = encode(p.person, 'hex')
    AND d.state = 'pending' AND d.ordered
)
"""

_HELD = f"SELECT received_at, app_id, raw FROM push WHERE person IN ({_PEOPLE}) ORDER BY received_at, id"


async def _erase(connection: Connection, customer_ids: Sequence[UUID], _kind: str) -> None:
    await connection.execute(_ERASE, list(customer_ids))


async def _data(customer_id: UUID) -> Any:
    """What each push said; the names by which the platform knows the person are its own."""
    pushes = [(row, parse(row["raw"]).body) for row in await database.fetch(_HELD, [customer_id])]
    return [
        {"received_at": row["received_at"], "app_id": row["app_id"], "kind": type(body).__name__} | asdict(body)
        for row, body in pushes
    ]


PART = CustomerPart(name="wechat.pushes", title="微信推送原文", kind=PartKind.CHATS, erase=_erase, data=_data)
