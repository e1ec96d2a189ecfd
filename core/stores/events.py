"""What happens to stores."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from infra.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreAdded(Event):
    name: ClassVar[str] = "stores.store_added.v1"
    store_id: UUID

    @property
    def key(self) -> str:
        return str(self.store_id)
