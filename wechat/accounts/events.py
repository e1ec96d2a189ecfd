"""What happens to accounts."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from infra.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountAdded(Event):
    name: ClassVar[str] = "wechat.account_added.v1"
    account_id: UUID

    @property
    def key(self) -> str:
        return str(self.account_id)
