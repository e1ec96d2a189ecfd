"""How evidence about a person is weighed (rules.md, Linking): who somebody is taken for, and who is one. No I/O.

What comes out depends on what is known, not on the order in which it came.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Door(StrEnum):
    """Where somebody or something about somebody came in."""

    FOLLOW = "follow"
    MINI_PROGRAM = "mini_program"
    WECHAT_PHONE = "wechat_phone"
    SMS = "sms"
    COUNTER = "counter"
    POS = "pos"
    IMPORT = "import"
    STAFF = "staff"


# What comes in there happened at its time; a table or a record may be of any age.
DATED = frozenset({Door.WECHAT_PHONE, Door.SMS, Door.COUNTER, Door.POS})


class PhoneLabel(StrEnum):
    """What a number is for (F-02, F-03)."""

    MOBILE = "mobile"
    MAIN = "main"
    FINANCE = "finance"
    OFFICE = "office"
    HOME = "home"
    FAX = "fax"


class LinkedBy(StrEnum):
    """What somebody who came in was recognised by; a number is the weakest, and can be taken back."""

    IDENTITY = "identity"
    KEY = "key"
    PHONE = "phone"


class CandidateState(StrEnum):
    """A suggestion that two customers are one person."""

    OPEN = "open"
    MERGED = "merged"
    DISMISSED = "dismissed"


class Outcome(StrEnum):
    """How a dispute about a number ended: somebody said so, the former holder proved a number, or was forgotten."""

    SAME_PERSON = "same_person"
    RECYCLED = "recycled"
    VERIFIED_AGAIN = "verified_again"
    VERIFIED_ANOTHER = "verified_another"
    ERASED = "erased"


class Proof(StrEnum):
    """What showed whose a number is."""

    LAST_ORDER = "last_order"
    BIRTHDAY = "birthday"
    COUNTER = "counter"


@dataclass(frozen=True, slots=True)
class WechatIdentity:
    """A person in one account; `digest` is the keyed digest of app id and openid."""

    app_id: str
    openid: str
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What came in about a person. `source` names it, so that it counts once; `phone` is parsed (infra.phones).

    `phone_verified`: WeChat gave the number, or a code sent by SMS was repeated. `keys` are (kind, value) of a card or
    of the number in another system, which name a customer for sure.
    """

    source: UUID
    door: Door
    occurred_at: datetime
    wechat: WechatIdentity | None = None
    unionid: str | None = None
    phone: str | None = None
    phone_verified: bool = False
    name: str | None = None
    keys: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Arrived:
    """Whom an arrival was taken for; None: a colleague, who is no customer.

    `created`: a new customer, who at the end of the transaction becomes part of `joins` if that is given. `suggested`:
    others look alike and are merge candidates now.
    """

    customer_id: UUID | None
    created: bool = False
    suggested: bool = False
    joins: UUID | None = None


@dataclass(slots=True)
class Known:
    """A customer who has a number, as far as it tells who somebody is.

    `names` are digests of names; `firm`: a business, whose number may be anybody's who works there. The number was
    proven to be theirs from `verified_at` to `held_at`.
    """

    customer_id: UUID
    on_wechat: bool = False
    firm: bool = False
    names: set[bytes] = field(default_factory=set)
    keys: set[tuple[str, str]] = field(default_factory=set)
    verified_at: datetime | None = None
    held_at: datetime | None = None

    @property
    def holds(self) -> bool:
        return self.verified_at is not None and self.held_at is None

    def agrees(self, names: Collection[bytes], keys: Iterable[tuple[str, str]]) -> bool:
        """Whether nothing known speaks against one person: no other name, no other number in the same system."""
        kinds = {kind for kind, _ in self.keys}
        own = not any(kind in kinds and (kind, value) not in self.keys for kind, value in keys)
        return own and (not self.names or not names or not self.names.isdisjoint(names))


def member_of(people: Iterable[Known]) -> Known | None:
    """Who proved by WeChat that the number is theirs, and nobody else since."""
    return next((one for one in people if one.on_wechat and one.holds), None)


def holder_at(people: Iterable[Known], at: datetime) -> Known | None:
    """Whose the number was at a moment."""
    found = [
        one for one in people if one.verified_at and one.verified_at <= at and (one.held_at is None or at < one.held_at)
    ]
    return max(found, key=lambda one: one.verified_at or at, default=None)


def taken_for(
    people: Sequence[Known],
    name: bytes | None,
    keys: Collection[tuple[str, str]],
    at: datetime | None,
    *,
    disputed: bool,
) -> Known | None:
    """The customer meant by a number without a WeChat identity; None: somebody new, for now.

    What happened at a time (`at`) is the holder's of that time. Without one, the holder is meant if the name says so;
    else it stands alone and is joined afterwards (`joined`), so that it can be parted again.
    """
    names = {name} if name else set[bytes]()
    agreeing = [one for one in people if one.agrees(names, keys)]
    member = member_of(people)
    proven = member if not disputed else holder_at(people, at) if at else None
    if proven in agreeing and proven is not None and (at or (names and not proven.names.isdisjoint(names))):
        return proven
    others = [one for one in agreeing if not one.on_wechat and not one.firm]
    named = [one for one in others if names and not one.names.isdisjoint(names)]
    if named or disputed:
        return named[0] if named else None
    alone = len(others) == 1 and (names or member is None) and (not names or not others[0].names)
    strangers = names and any(one.names for one in people if not one.on_wechat and one not in agreeing)
    return others[0] if alone and not strangers else None


def joined(people: Sequence[Known], apart: Collection[UUID], *, disputed: bool) -> list[Known]:
    """Who of those known by import, POS or at the counter is the member whose number it is.

    Nobody while it is disputed; nobody whom a colleague found to be somebody else (`apart`). Of several who may be
    meant, only who has the member's name.
    """
    member = member_of(people)
    others = [one for one in people if not one.on_wechat]
    if member is None or disputed:
        return []
    fitting = [
        one for one in others if one.customer_id not in apart and not one.firm and member.agrees(one.names, one.keys)
    ]
    sure = [one for one in fitting if not member.names.isdisjoint(one.names)]
    unclear = [one for one in others if one not in sure]
    return sure + (unclear if len(unclear) == 1 and unclear[0] in fitting else [])
