"""Telling pages that a message of a conversation ended: whoever serves the conversation, and whoever looks at it."""

from collections.abc import Sequence
from uuid import UUID

from infra import clock
from infra.database import Connection
from infra.live import LiveEvent, publish, staff_topic

_HEARERS = """
SELECT c.id, c.last_number, h.staff_id FROM conversation c CROSS JOIN LATERAL (
    SELECT c.staff_id WHERE c.staff_id IS NOT NULL
    UNION SELECT w.staff_id FROM conversation_watch w WHERE w.conversation_id = c.id AND w.until > $2
) h WHERE c.id IN (SELECT conversation_id FROM outbound_message WHERE id = ANY($1::uuid[]))
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
    await publish(connection, events)
