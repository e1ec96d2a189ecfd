"""How contacts change what we know of a person. No I/O: states go in, are changed, and a touch may come out.

Order is WeChat's time of the contact, not of its arrival: a push may come late or out of order.
"""

from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class ContactKind(StrEnum):
    FOLLOW = "follow"
    SCAN = "scan"
    UNFOLLOW = "unfollow"
    MESSAGE = "message"


_TOUCHING = {ContactKind.FOLLOW: 0, ContactKind.SCAN: 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """Whom a touch counts for; all None: a follow without a code."""

    code_id: UUID | None = None
    guide_id: UUID | None = None
    store_id: UUID | None = None
    channel_id: UUID | None = None


NOBODY = Credit()


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A person did something in one of our accounts. `source` names the push, `identity` is the keyed digest."""

    source: UUID
    app_id: str
    openid: str
    identity: bytes
    kind: ContactKind
    occurred_at: datetime
    credit: Credit = NOBODY


@dataclass(frozen=True, slots=True)
class Touch:
    """A new row of the touch table, but for whether it is the first."""

    id: UUID
    contact: Contact

    @property
    def order(self) -> tuple[datetime, int]:
        # A scan without "follow" needs a follower, so within one second the follow came first.
        return self.contact.occurred_at, _TOUCHING[self.contact.kind]


@dataclass(slots=True)
class CustomerState:
    """What of a customer a contact may change; `first_order` is (time, rank) of the first touch."""

    id: UUID
    guide_id: UUID | None
    first_touch_id: UUID | None
    first_order: tuple[datetime, int] | None


@dataclass(slots=True)
class IdentityState:
    """What of an identity a contact may change."""

    id: UUID
    following: bool
    state_at: datetime
    last_seen_at: datetime


def order_of(kind: ContactKind, occurred_at: datetime) -> tuple[datetime, int]:
    """The place of a stored touch among a customer's touches."""
    return occurred_at, _TOUCHING[kind]


def see(identity: IdentityState, contact: Contact) -> None:
    """Take note of following and leaving.

    Who scans or writes follows, even if we missed the follow; within one second of leaving that proves nothing.
    """
    later = contact.occurred_at > identity.state_at
    if contact.kind is ContactKind.UNFOLLOW or contact.kind is ContactKind.FOLLOW:
        later = contact.occurred_at >= identity.state_at
    if later:
        identity.following = contact.kind is not ContactKind.UNFOLLOW
        identity.state_at = contact.occurred_at
    identity.last_seen_at = max(identity.last_seen_at, contact.occurred_at)


def touch(customer: CustomerState, contact: Contact, touch_id: UUID, gone_guides: Container[UUID]) -> Touch | None:
    """The touch a contact makes, if any; the customer learns of a first touch and of a guide.

    The guide is set by the first touch. A later scan of another guide's code is a recorded touch and changes the guide
    only if there is none or the former one has left. A first touch that comes late still counts as the first.
    """
    if contact.kind not in _TOUCHING:
        return None
    made = Touch(touch_id, contact)
    is_first = customer.first_order is None or made.order < customer.first_order
    if is_first:
        customer.first_order = made.order
        customer.first_touch_id = touch_id
    guide_id = contact.credit.guide_id
    if guide_id is not None and (is_first or customer.guide_id is None or customer.guide_id in gone_guides):
        customer.guide_id = guide_id
    return made
