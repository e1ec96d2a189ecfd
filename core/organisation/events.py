"""What happens to staff."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from infra.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffLeft(Event):
    name: ClassVar[str] = "organisation.staff_left.v1"
    staff_id: UUID

    @property
    def key(self) -> str:
        return str(self.staff_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffWechatBound(Event):
    """`identity` is the keyed digest of (app id, openid), in hex."""

    name: ClassVar[str] = "organisation.staff_wechat_bound.v1"
    staff_id: UUID
    identity: str

    @property
    def key(self) -> str:
        # The person's own key, so that it keeps its place among the person's pushes.
        return self.identity
