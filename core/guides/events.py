"""What happens to guides."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from infra.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideAdded(Event):
    name: ClassVar[str] = "guides.guide_added.v1"
    guide_id: UUID

    @property
    def key(self) -> str:
        return str(self.guide_id)
