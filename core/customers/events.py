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


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnersChanged(Event):
    """Up to 1,000 customers went to `owner_id`; None: to nobody, as `reason` says. `source` names the act."""

    name: ClassVar[str] = "customers.owners_changed.v1"
    source: UUID
    customer_ids: tuple[UUID, ...]
    owner_id: UUID | None
    reason: str

    @property
    def key(self) -> str:
        return str(self.source)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomersParted(Event):
    """A merge was undone: `source_id` is a customer of its own again."""

    name: ClassVar[str] = "customers.parted.v1"
    source_id: UUID
    target_id: UUID
    merge_id: UUID

    @property
    def key(self) -> str:
        return str(self.target_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowingChanged(Event):
    """These customers left an account, or came back to one; newcomers are none of them."""

    name: ClassVar[str] = "customers.following_changed.v1"
    customer_ids: tuple[UUID, ...]

    @property
    def key(self) -> str:
        return str(self.customer_ids[0])
