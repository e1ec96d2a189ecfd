"""How contacts change what we know of a person. No I/O: states go in, are changed, and a touch may come out.

Order is WeChat's time of the contact, not of its arrival: a push may come late or out of order.
"""

from collections.abc import Collection, Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID, uuid5

# Where a touch stands among a customer's touches: by time, follow before scan, then by its source, so that the order
# of arrival never decides.
Order: TypeAlias = tuple[datetime, int, UUID]

_FOLLOWS = UUID("5d3c1f0a-8f0b-4c8e-9a55-0b8f6f1f7a31")


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
    followable: bool = True

    @property
    def follows(self) -> bool:
        """Whether the person follows from now on; a mini-program is visited, never followed."""
        return self.followable and self.kind is not ContactKind.UNFOLLOW


@dataclass(frozen=True, slots=True)
class Touch:
    """A new row of the touch table, but for whether it is the first."""

    id: UUID
    contact: Contact

    @property
    def order(self) -> Order:
        return order_of(self.contact.kind, self.contact.occurred_at, self.contact.source)


@dataclass(slots=True)
class CustomerState:
    """What of a customer a contact may change. `given`: somebody decided about the guide, by a hand-over."""

    id: UUID
    guide_id: UUID | None
    first_touch_id: UUID | None
    first_order: Order | None
    given: bool = False


@dataclass(slots=True)
class IdentityState:
    """What of an identity a contact may change."""

    id: UUID
    following: bool
    state_at: datetime
    last_seen_at: datetime
    talked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What the platform said about a person when asked at `profiled_at` (whole seconds).

    `unionid` is None as long as the account is on its own; `follows`: the person surely followed at that time. `lease`
    is the `ask_at` of whoever claimed to ask: what was set since is still to be asked.
    """

    identity: bytes
    unionid: str | None
    subscribe_scene: str | None
    profiled_at: datetime
    follows: bool = False
    lease: datetime | None = None


@dataclass(frozen=True, slots=True)
class Side:
    """One of the customers that turn out to be one person: the guide, and the touch that earned the guide."""

    guide_id: UUID | None
    earned: Order | None


def order_of(kind: ContactKind, occurred_at: datetime, source: UUID) -> Order:
    """The place of a touch among a customer's touches."""
    # A scan without "follow" needs a follower, so within one second the follow came first.
    return occurred_at, _TOUCHING[kind], source


def follow_source(identity: bytes, at: datetime) -> UUID:
    """The source of a follow: the same for its push and for the follower list, which both give its second."""
    return uuid5(_FOLLOWS, f"{identity.hex()}:{int(at.timestamp())}")


def see(identity: IdentityState, contact: Contact) -> None:
    """Take note of following and leaving.

    Who scans or writes follows, even if we missed the follow; within one second of leaving that proves nothing.
    """
    later = contact.occurred_at > identity.state_at
    if contact.kind is ContactKind.UNFOLLOW or contact.kind is ContactKind.FOLLOW:
        later = contact.occurred_at >= identity.state_at
    if later:
        identity.following = contact.follows
        identity.state_at = contact.occurred_at
    identity.last_seen_at = max(identity.last_seen_at, contact.occurred_at)
    if contact.kind is ContactKind.MESSAGE:
        identity.talked_at = max(identity.talked_at or contact.occurred_at, contact.occurred_at)


def touch(customer: CustomerState, contact: Contact, touch_id: UUID, heirs: Mapping[UUID, UUID | None]) -> Touch | None:
    """The touch a contact makes, if any; the customer learns of a first touch and of a guide.

    The guide is set by the first touch. A later scan of another guide's code is a recorded touch and changes the guide
    only if there is none or the former one has left. A first touch that comes late still counts as the first, but takes
    nobody away who was given the customer by hand. `heirs` are the guides who have left, with who got their customers:
    that one gets the late ones too, the leaver never.
    """
    if contact.kind not in _TOUCHING:
        return None
    made = Touch(touch_id, contact)
    is_first = customer.first_order is None or made.order < customer.first_order
    if is_first:
        customer.first_order = made.order
        customer.first_touch_id = touch_id
    credited = contact.credit.guide_id
    guide_id = credited and heirs.get(credited, credited)
    open_to_all = customer.guide_id is None or customer.guide_id in heirs
    if guide_id is not None and (open_to_all or (is_first and not customer.given)):
        customer.guide_id = guide_id
    return made


def guide_after_merge(sides: Iterable[Side], gone_guides: Container[UUID]) -> UUID | None:
    """The guide of a person who was several customers: the one met first, one who left only if there is no other."""
    guided = [
        (side.guide_id in gone_guides, side.earned, side.guide_id) for side in sides if side.guide_id and side.earned
    ]
    return min(guided)[2] if guided else next((side.guide_id for side in sides if side.guide_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Whose a customer is, or which pool it lies in, and what the owner has planned (columns of `customer`)."""

    guide_id: UUID | None = None
    active_at: datetime | None = None
    next_contact_at: datetime | None = None
    order_due_on: date | None = None
    pooled_at: datetime | None = None
    pool_reason: str | None = None
    discarded_at: datetime | None = None


def standing_after_merge(one: Standing, other: Standing, guide_id: UUID | None) -> Standing:
    """The standing of a person who was two customers and is `guide_id`'s now.

    With an owner nobody lies in the pool; without one, who was in the pool as one of the two stays there, and who was
    in the trash as one only comes out of it.
    """
    both = (one, other)
    active_at = max((side.active_at for side in both if side.active_at), default=None)
    if guide_id is not None:
        return Standing(
            guide_id=guide_id,
            active_at=active_at,
            next_contact_at=min((side.next_contact_at for side in both if side.next_contact_at), default=None),
            order_due_on=min((side.order_due_on for side in both if side.order_due_on), default=None),
        )
    pooled = min(((side.pooled_at, side.pool_reason) for side in both if side.pooled_at), default=(None, None))
    discarded = [side.discarded_at for side in both if side.discarded_at]
    return Standing(
        active_at=active_at,
        pooled_at=pooled[0],
        pool_reason=pooled[1],
        discarded_at=max(discarded) if len(discarded) == len(both) else None,
    )


def connected(groups: Iterable[Collection[UUID]]) -> list[set[UUID]]:
    """Groups that have a member in common, joined."""
    joined = list[set[UUID]]()
    for group in groups:
        touching = [other for other in joined if not other.isdisjoint(group)]
        joined = [other for other in joined if other not in touching]
        joined.append(set(group).union(*touching))
    return joined
