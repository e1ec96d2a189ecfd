"""What notices publish."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from infra.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticesRaised(Event):
    """Up to 1,000 new notices, all of one kind."""

    name: ClassVar[str] = "notices.raised.v1"
    notice_ids: tuple[UUID, ...]
    kind: str

    @property
    def key(self) -> str:
        return str(self.notice_ids[0])
