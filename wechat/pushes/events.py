"""What the push endpoint publishes."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from infra.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PushReceived(Event):
    """A push was written down.

    `person` is the keyed digest of app id and openid, in hex: a person's pushes keep their order before a customer
    exists. `received_at` finds the day's partition.
    """

    name: ClassVar[str] = "wechat.push_received.v1"
    push_id: UUID
    received_at: datetime
    app_id: str
    person: str

    @property
    def key(self) -> str:
        return self.person


@dataclass(frozen=True, slots=True, kw_only=True)
class PushForwardable(PushReceived):
    """The same, of an account whose pushes another system gets too: nobody else's pushes cost a delivery for it."""

    name: ClassVar[str] = "wechat.push_forwardable.v1"
