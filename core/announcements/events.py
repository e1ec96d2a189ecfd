"""What announcements publish."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from infra.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncementIssued(Event):
    """Up to 1,000 colleagues are to hear of an announcement, or (a version above 1) of its change."""

    name: ClassVar[str] = "announcements.issued.v1"
    announcement_id: UUID
    version: int
    staff_ids: tuple[UUID, ...]

    @property
    def key(self) -> str:
        return str(self.announcement_id)
