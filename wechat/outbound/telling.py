"""Telling that a message of a conversation ended: pages of whoever serves or looks at it, and of failures the inbox."""

from collections.abc import Sequence
from uuid import UUID

from infra import clock, live
from infra.database import Connection
from infra.live import LiveEvent, staff_topic
from infra.outbox import publish
from wechat.outbound.events import ReplyUnsent

_HEARERS = """
SELECT c.id, c.last_number, h.staff_id FROM conversation c CROSS JOIN LATERAL (
    SELECT c.staff_id WHERE c.staff_id IS NOT NULL
    UNION SELECT w.staff_id FROM conversation_watch w WHERE w.conversation_id = c.id AND w.until > $2
) h WHERE c.id IN (SELECT conversation_id FROM outbound_message WHERE id = ANY($1::uuid[]))
"""


_UNSENT = """
SELECT id, conversation_id FROM outbound_message
WHERE id = ANY($1::uuid[]) AND key LIKE 'reply:%' AND state IN ('failed', 'skipped', 'unknown')
"""


async def tell_ended(connection: Connection, message_ids: Sequence[UUID]) -> None:
    """In the caller's transaction; pages then read what became of it."""
    rows = await connection.fetch(_HEARERS, message_ids, clock.now())
    events = [
        LiveEvent(
            staff_topic(row["staff_id"]),
            "chat",
            {"conversation_id": str(row["id"]), "number": row["last_number"], "reason": "sent"},
        )
        for row in rows
    ]
    await live.publish(connection, events)
    if unsent := await connection.fetch(_UNSENT, message_ids):
        ids = [(UUID(int=row["id"].int), UUID(int=row["conversation_id"].int)) for row in unsent]
        await publish(*(ReplyUnsent(message_id=id_, conversation_id=of) for id_, of in ids))
