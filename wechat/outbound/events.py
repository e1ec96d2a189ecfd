"""What happens to messages of the ledger."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from infra.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyUnsent(Event):
    """A colleague's answer failed, was skipped, or nobody knows whether it left."""

    name: ClassVar[str] = "outbound.reply_unsent.v1"
    message_id: UUID
    conversation_id: UUID

    @property
    def key(self) -> str:
        return str(self.conversation_id)
