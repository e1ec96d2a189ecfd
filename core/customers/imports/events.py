"""What imports publish."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from infra.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomersImported(Event):
    """A chunk of an import was taken: at most 1,000 customers in all, new ones and known ones."""

    name: ClassVar[str] = "customers.imported.v1"
    import_id: UUID
    created_ids: tuple[UUID, ...]
    linked_ids: tuple[UUID, ...]

    @property
    def key(self) -> str:
        return str(self.import_id)
