"""States of what is to leave the house, and what follows from a call to the platform. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeAlias, TypedDict
from uuid import UUID

PAUSE = timedelta(seconds=15)  # while the platform is away
_LONGEST_WAIT_SECONDS = 3600


class Channel(StrEnum):
    """The way a message takes on the platform."""

    TEMPLATE = "template"
    CUSTOMER = "customer"


class State(StrEnum):
    """`unknown`: the platform's answer was lost; how it is settled depends on the channel (architecture §3.4)."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


class Why(StrEnum):
    """Words for what no errcode says."""

    ACCOUNT_SILENT = "account_silent"
    ANSWER_LOST = "answer_lost"
    AWAY = "wechat_unavailable"
    BLOCKED = "blocked"
    FORGOTTEN = "forgotten"
    LEFT = "left"
    MUTED = "muted"
    NOT_FOLLOWING = "not_following"
    PICTURE_GONE = "picture_gone"
    QUOTA = "wechat_quota_spent"
    READ = "read"  # in the app, before it was its turn
    REFUSED = "refused"  # the fan switched our messages off, or the platform doesn't know the fan
    UNBOUND = "unbound"
    WINDOW_SHUT = "window_shut"
    WINDOW_USED_UP = "window_used_up"


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many messages may be sent until then. `why_not` when it is none; until is then when the open window ends."""

    until: datetime | None
    left: int
    why_not: Why | None = None


# The ends of the message window and of the short one, where a message has a place.
Places: TypeAlias = tuple[datetime | None, datetime | None]

SHUT = Allowance(None, 0, Why.WINDOW_SHUT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """Both windows of a fan, and what else stands against writing."""

    message_until: datetime
    message_left: int
    short_until: datetime
    short_left: int
    why_not: Why | None

    def allowance(self, now: datetime) -> Allowance:
        """What a fan's windows allow at a moment: they don't add up."""
        windows = ((self.message_until, self.message_left), (self.short_until, self.short_left))
        open_ = [(until, left) for until, left in windows if until > now]
        usable = [(until, left) for until, left in open_ if left]
        if self.why_not is not None:
            return Allowance(None, 0, self.why_not)
        if usable:
            return Allowance(max(until for until, _ in usable), max(left for _, left in usable))
        return Allowance(max(until for until, _ in open_), 0, Why.WINDOW_USED_UP) if open_ else SHUT

    def place_until(self, message_until: datetime | None, short_until: datetime | None) -> datetime | None:
        """When the last place ends of a message that took its places in windows of these ends."""
        places = ((message_until, self.message_until), (short_until, self.short_until))
        return max((now for then, now in places if then == now), default=None)

    def places(self, taken: int, now: datetime) -> Places:
        """Where one more message has a place, after so many."""
        return (
            self.message_until if self.message_until > now and self.message_left > taken else None,
            self.short_until if self.short_until > now and self.short_left > taken else None,
        )


class TemplatePayload(TypedDict):
    """What a template message says: texts by the template's keys, and where a tap leads ("" nowhere)."""

    template_id: str
    data: dict[str, str]
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """A message to be sent once, however often its `key` is put; `digest` stands for the openid.

    With `why`, it is only written down that it is not sent. A customer message is of a conversation and has places in
    windows, whose ends are given.
    """

    account_id: UUID
    channel: Channel
    key: str
    digest: bytes
    openid: str
    payload: TemplatePayload | Mapping[str, Any]
    due_at: datetime
    staff_id: UUID | None = None
    source_id: UUID | None = None
    conversation_id: UUID | None = None
    message_until: datetime | None = None
    short_until: datetime | None = None
    why: Why | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What the platform reported of message number `message_id` to the person behind `digest`."""

    app_id: str
    digest: bytes
    message_id: int
    status: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A message in the hands of one sender until `leased_until`. `tried_before`: the platform may have it already.

    A customer message is for the person behind `digest`, was claimed at `claimed_at` and has a place in a window until
    `place_until`.
    """

    id: UUID
    app_id: str
    openid: str
    payload: Mapping[str, Any]
    attempts: int
    tried_before: datetime | None
    leased_until: datetime
    why_not: Why | None
    digest: bytes = b""
    claimed_at: datetime | None = None
    place_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What became of a claimed message. `again_at`: when it is tried or asked about next; `counts`: it was a try."""

    message: Claimed
    state: State
    error: str | None = None
    platform_id: int | None = None
    again_at: datetime | None = None
    counts: bool = True


def skipped(message: Claimed, why: Why) -> Ending:
    """It is not sent (any more); what may have been sent already stays unknown."""
    if message.tried_before is not None:
        return Ending(message=message, state=State.UNKNOWN, error=Why.ANSWER_LOST)
    return Ending(message=message, state=State.SKIPPED, error=why)


def not_sent(message: Claimed, error: str, again_at: datetime, *, counts: bool = False) -> Ending:
    """This time it certainly did not leave. One that may have left before is asked about, not sent anew."""
    state = State.PENDING if message.tried_before is None else State.UNKNOWN
    return Ending(message=message, state=state, error=error, again_at=again_at, counts=counts)


def next_try(now: datetime, attempts: int) -> datetime:
    """When something is tried again that was refused for the account's sake: growing pauses, an hour at most."""
    return now + timedelta(seconds=min(PAUSE.total_seconds() * 2**attempts, _LONGEST_WAIT_SECONDS))
