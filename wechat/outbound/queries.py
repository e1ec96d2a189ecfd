"""Reading the outbound ledger, the newest first."""

from uuid import UUID

import asyncpg

from infra import database
from wechat.outbound.errors import MessageNotFound
from wechat.outbound.schemas import MessageFilters, MessageOut

_MESSAGES = """
SELECT m.id, a.app_id, m.channel, m.staff_id, m.conversation_id, m.source_id, m.state, m.error, m.result, m.attempts,
       m.due_at, m.created_at, m.sent_at, m.settled_at
FROM outbound_message m JOIN wechat_account a ON a.id = m.account_id
"""

_PAGE = f"""
{_MESSAGES} WHERE ($2::uuid IS NULL OR m.id < $2) AND ($3::text IS NULL OR m.state = $3)
AND ($4::text IS NULL OR m.channel = $4) AND ($5::text IS NULL OR a.app_id = $5)
AND ($6::uuid IS NULL OR m.staff_id = $6) AND ($7::text IS NULL OR m.error = $7)
AND ($8::uuid IS NULL OR m.conversation_id = $8)
ORDER BY m.id DESC LIMIT $1
"""


async def page(filters: MessageFilters) -> list[MessageOut]:
    """Messages that fit, the newest first, and one beyond the page."""
    rows = await database.fetch(
        _PAGE,
        filters.limit + 1,
        filters.cursor,
        filters.state,
        filters.channel,
        filters.app_id,
        filters.staff_id,
        filters.error,
        filters.conversation_id,
    )
    return [_out(row) for row in rows]


async def message(message_id: UUID) -> MessageOut:
    """One message. Raises MessageNotFound."""
    row = await database.fetch_one(f"{_MESSAGES} WHERE m.id = $1", message_id)
    if row is None:
        raise MessageNotFound
    return _out(row)


def _out(row: asyncpg.Record) -> MessageOut:
    return MessageOut.model_validate(dict(row))
