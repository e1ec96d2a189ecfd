"""Reading the blacklist. The platform drops what a blacklisted fan sends; we leave the fan out of what we send."""

from collections.abc import Collection
from uuid import UUID

from core.organisation.queries import Colleague
from core.organisation.scopes import Values, of_staff
from infra import database
from infra.database import Connection
from wechat.blocks.schemas import BlockOut

_PAGE = """
SELECT b.id, i.customer_id, a.app_id, b.wanted, b.synced, b.error, b.changed_by, b.changed_at
FROM wechat_block b JOIN wechat_account a ON a.id = b.account_id
JOIN identity i ON i.id = b.identity_id JOIN customer c ON c.id = i.customer_id
WHERE ($1::text IS NULL OR a.app_id = $1) AND ($2::uuid IS NULL OR b.id < $2) AND {reach} ORDER BY b.id DESC LIMIT $3
"""


async def page(by: Colleague, app_id: str | None, before: UUID | None, limit: int) -> list[BlockOut]:
    """Which fans in reach of `by` are on the blacklist, newest first."""
    values = Values(app_id, before, limit)
    sql = _PAGE.format(reach=of_staff(by, values.put, "c.guide_id"))
    return [BlockOut(**row) for row in await database.fetch(sql, *values)]


async def blocked(connection: Connection, identity_ids: Collection[UUID]) -> set[UUID]:
    """Those of these identities that are blacklisted: they get no mass and care messages."""
    rows = await connection.fetch(
        "SELECT identity_id FROM wechat_block WHERE identity_id = ANY($1::uuid[]) AND wanted", list(identity_ids)
    )
    return {row["identity_id"] for row in rows}
