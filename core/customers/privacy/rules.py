"""Consent, channels and erasure. No I/O."""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from core.customers.linking.rules import Door

# What came through these came from WeChat: it goes when somebody leaves who is no member.
PLATFORM_DOORS = (Door.FOLLOW, Door.MINI_PROGRAM, Door.WECHAT_PHONE)


class Channel(StrEnum):
    """A way to reach a person (B-11)."""

    WECHAT = "wechat"
    MINI_PROGRAM = "mini_program"
    PHONE = "phone"
    SMS = "sms"
    EMAIL = "email"
    POST = "post"


class ErasureKind(StrEnum):
    """Why a person is forgotten: left without being a member, or asked for it."""

    UNFOLLOW = "unfollow"
    REQUEST = "request"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewConsent:
    """A person agreed (or, not `given`, took it back) at a door; `source` names the act, so that it counts once."""

    customer_id: UUID
    purpose: str
    version: int
    given: bool
    door: str
    source: UUID
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """What a person said last for a purpose: to which version of its text, and when."""

    given: bool
    version: int
    occurred_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewChoice:
    """Whether a person wants to be reached on a channel, as said at a door."""

    customer_id: UUID
    channel: Channel
    accepted: bool
    door: str
    chosen_at: datetime


def choose(preferred: Sequence[Channel], accepted: Container[Channel], refused: Container[Channel]) -> Channel | None:
    """The channel to take: an accepted one before one that was never asked about, a refused one never (AT-53)."""
    open_ones = [channel for channel in preferred if channel not in refused]
    return next((channel for channel in open_ones if channel in accepted), next(iter(open_ones), None))
