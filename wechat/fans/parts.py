"""The identities of a person in our accounts, for the whole picture: no openids, no unionids.

A file of its own, as `core.customers.parts` is: what accounts are called, and whom the platform lets us write to, only
this context knows.
"""

from typing import Any
from uuid import UUID

from core.customers.parts import PartKind
from core.organisation.queries import Colleague
from infra import database
from infra.context import CustomerPart
from wechat.outbound.windows import OPEN, usable_from

_OPEN = OPEN.format(at="$2")
_IDENTITIES = f"""
SELECT i.app_id, COALESCE(a.name, i.app_id) AS account, i.following, i.state_at AS since, i.last_seen_at, i.talked_at,
    i.following AND EXISTS (SELECT FROM customer_window w WHERE w.digest = i.digest AND {_OPEN}) AS window_open,
    EXISTS (SELECT FROM wechat_block b WHERE b.identity_id = i.id AND b.wanted) AS blocked,
    ARRAY(SELECT l.name FROM wechat_label_member m JOIN wechat_label l ON l.id = m.label_id
        WHERE m.identity_id = i.id AND m.wanted AND l.deleted_at IS NULL ORDER BY l.kind, l.name) AS labels
FROM identity i LEFT JOIN wechat_account a ON a.app_id = i.app_id WHERE i.customer_id = $1 ORDER BY i.id
"""


async def _summary(customer_id: UUID, _by: Colleague) -> Any:
    """Each account with since when the person follows it, or since when no more."""
    return [dict(row) for row in await database.fetch(_IDENTITIES, customer_id, await usable_from())]


PART = CustomerPart(name="wechat.identities", title="微信身份", kind=PartKind.IDENTITIES, summary=_summary)
