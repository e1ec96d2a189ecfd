"""What staff see of fans. Openids never leave the house."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from core.customers.ownership import Reason
from core.customers.rules import ContactKind
from infra.schemas import Output


class TimelineKind(StrEnum):
    """What people did, and what colleagues did with them."""

    FOLLOW = ContactKind.FOLLOW
    SCAN = ContactKind.SCAN
    UNFOLLOW = ContactKind.UNFOLLOW
    MESSAGE = ContactKind.MESSAGE
    HANDED_OVER = Reason.HANDED_OVER
    CREATED = Reason.CREATED
    IMPORTED = Reason.IMPORTED
    CLAIMED = Reason.CLAIMED
    ASSIGNED = Reason.ASSIGNED
    TRANSFERRED = Reason.TRANSFERRED
    RELEASED = Reason.RELEASED
    RETURNED = Reason.RETURNED
    WITHOUT_CONTRACT = Reason.WITHOUT_CONTRACT
    DISCARDED = Reason.DISCARDED
    RESTORED = Reason.RESTORED
    CAME_BACK = Reason.CAME_BACK
    SCANNED = Reason.SCANNED
    MERGED = Reason.MERGED
    UNMERGED = Reason.UNMERGED
    ERASED = Reason.ERASED
    CONSENT_GIVEN = "consent_given"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    CHANNEL_ACCEPTED = "channel_accepted"
    CHANNEL_REFUSED = "channel_refused"
    FOLLOW_UP = "follow_up"
    TAGGED = "tagged"
    RECORD_CHANGED = "record_changed"
    STAGE_CHANGED = "stage_changed"
    MOBILE_CHANGED = "mobile_changed"
    CASE_OPENED = "case_opened"
    CASE_CLOSED = "case_closed"


class Period(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class CountsOut(Output):
    """New fans by first touch: `gross`, those of them who left since (`lost`), and `net` = gross - lost."""

    gross: int
    lost: int
    net: int


class NumbersOut(Output):
    """A guide's own numbers; `following` counts the fans the guide looks after now."""

    day: CountsOut
    week: CountsOut
    month: CountsOut
    total: CountsOut
    following: int


class RankOut(Output):
    """One line of the ranking; equal gross shares a rank."""

    rank: int
    guide_id: UUID
    guide: str
    store: str | None
    gross: int
    lost: int
    net: int


class RankingOut(Output):
    """`first` and `last` are business days, both included."""

    period: Period
    first: date
    last: date
    guides: list[RankOut]


class PlaceOut(Output):
    """Where a guide stands among the `guides` of the own store; who is no guide has no rank."""

    period: Period
    first: date
    last: date
    rank: int | None
    guides: int


class TrendDayOut(CountsOut):
    """The counts of one business day."""

    day: date
