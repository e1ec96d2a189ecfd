"""Reading conversations: a thread, what was said somewhere, and what a responder may know."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from infra import database

_CHAT = """
SELECT k.id, k.case_id IS NOT NULL AS open, k.case_id IS NOT NULL AND k.staff_id IS NOT NULL AS served
FROM conversation k JOIN identity i ON i.id = k.identity_id WHERE i.digest = $1
"""

_SAID_BY_RULE = """
SELECT EXISTS (
    SELECT FROM chat_message WHERE conversation_id = $1 AND created_at >= $3 AND rule_id = ANY($2::uuid[])
) AS found
"""


@dataclass(frozen=True, slots=True)
class ChatView:
    """A conversation as a responder may know it: whether a person is wanted, and whether somebody has it in hand."""

    id: UUID
    open: bool
    served: bool


async def chat(digest: bytes) -> ChatView | None:
    """The conversation of an identity (keyed digest), if there is one."""
    row = await database.fetch_one(_CHAT, digest)
    return ChatView(row["id"], row["open"], row["served"]) if row else None


async def said_by_rule(conversation_id: UUID, rule_ids: Sequence[UUID], since: datetime) -> bool:
    """Whether one of these rules has answered there since a moment."""
    row = await database.fetch_one(_SAID_BY_RULE, conversation_id, list(rule_ids), since)
    return bool(row and row["found"])
