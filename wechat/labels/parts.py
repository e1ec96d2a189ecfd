"""The labels that a person carries on the platform: told in the person's own document, and forgotten.

A file of its own, as `core.customers.parts` is. The platform forgets them by itself when somebody leaves.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from core.customers.parts import PartKind
from infra import database
from infra.context import CustomerPart
from infra.database import Connection

_ERASE = """
DELETE FROM wechat_label_member WHERE identity_id IN (SELECT id FROM identity WHERE customer_id = ANY($1::uuid[]))
"""

_DATA = """
SELECT i.app_id, l.name FROM identity i JOIN wechat_label_member m ON m.identity_id = i.id AND m.wanted
JOIN wechat_label l ON l.id = m.label_id AND l.deleted_at IS NULL WHERE i.customer_id = $1 ORDER BY i.app_id, l.name
"""


async def _erase(connection: Connection, customer_ids: Sequence[UUID], _kind: str) -> None:
    await connection.execute(_ERASE, list(customer_ids))


async def _data(customer_id: UUID) -> Any:
    return [dict(row) for row in await database.fetch(_DATA, customer_id)]


PART = CustomerPart(name="wechat.labels", title="公众号标签", kind=PartKind.IDENTITIES, erase=_erase, data=_data)
