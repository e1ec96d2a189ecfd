"""What happens to staff."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from infra.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffBecameGuide(Event):
    """Also when somebody is added as one."""

    name: ClassVar[str] = "organisation.staff_became_guide.v1"
    staff_id: UUID

    @property
    def key(self) -> str:
        return str(self.staff_id)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffWechatUnbound(StaffWechatBound):
    """The identity is no colleague any more."""

    name: ClassVar[str] = "organisation.staff_wechat_unbound.v1"
