"""Chats as records of sales: a customer and the owner who talk to each other stay together.

A file of its own: whoever lets a colleague answer calls it, in the transaction of the answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from core.customers.followups.records import Record, add_many
from core.customers.followups.rules import SalesKind
from infra import clock
from infra.database import Connection

_OWNED = """
SELECT c.id FROM unnest($1::uuid[], $2::uuid[]) AS a (customer_id, staff_id)
JOIN customer c ON c.id = a.customer_id AND c.guide_id = a.staff_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """A colleague wrote to a customer in a conversation."""

    conversation_id: UUID
    customer_id: UUID
    staff_id: UUID
    at: datetime


async def count_many(connection: Connection, chats: Sequence[Chat]) -> int:
    """Chats between customers and their owners count, one a conversation and business day; returns how many did anew.

    In the caller's transaction, which holds no lock of a customer yet: before the windows and the conversation.
    """
    rows = await connection.fetch(_OWNED, [chat.customer_id for chat in chats], [chat.staff_id for chat in chats])
    owned = {row["id"] for row in rows}
    records = [_record(chat) for chat in chats if chat.customer_id in owned]
    return sum(await add_many(connection, records)) if records else 0


def _record(chat: Chat) -> Record:
    return Record(
        customer_id=chat.customer_id,
        staff_id=chat.staff_id,
        kind=SalesKind.CHAT,
        source=uuid5(chat.conversation_id, clock.business_day(chat.at).isoformat()),
        occurred_at=chat.at,
    )
