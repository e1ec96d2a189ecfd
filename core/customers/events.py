"""What customers publish."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from infra.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomersMerged(Event):
    """`source_id` became part of `target_id`."""

    name: ClassVar[str] = "customers.merged.v1"
    source_id: UUID
    target_id: UUID
    reason: str

    @property
    def key(self) -> str:
        return str(self.target_id)
