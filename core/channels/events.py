"""What happens to channels."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from infra.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelAdded(Event):
    name: ClassVar[str] = "channels.channel_added.v1"
    channel_id: UUID

    @property
    def key(self) -> str:
        return str(self.channel_id)
