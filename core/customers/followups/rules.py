"""What a follow-up or a record of sales can be. No I/O."""

import re
from datetime import datetime, timedelta
from enum import StrEnum


class FollowUpKind(StrEnum):
    """How a colleague was in touch (F-08)."""

    PHONE = "phone"
    WECHAT = "wechat"
    VISIT = "visit"
    MEETING = "meeting"
    EMAIL = "email"
    OTHER = "other"


class SalesKind(StrEnum):
    """What counts as a record of sales; an order or a contract is also business."""

    FOLLOW_UP = "follow_up"
    VISIT = "visit"
    CHAT = "chat"
    ORDER = "order"
    CONTRACT = "contract"


# A contact goes with the owner; these are the house's, whoever did them.
BUSINESS = frozenset({SalesKind.ORDER, SalesKind.CONTRACT})


class Reminder(StrEnum):
    """The lists of F-16, and what will go back to the pool next."""

    DUE = "due"
    OVERDUE = "overdue"
    ORDER_OVERDUE = "order_overdue"
    QUIET = "quiet"
    RETURNING = "returning"


def moment_of(told: datetime, now: datetime, fast: timedelta, back: timedelta) -> datetime | None:
    """When a contact was, by a phone whose clock may be up to `fast` ahead; None for what cannot be."""
    return min(told, now) if now - back <= told <= now + fast else None


_APART = r"[\s.·－—-]{0,2}"
_NUMBER = re.compile(
    rf"(?<!\d)(?:\+?86{_APART})?(1[3-9]\d){_APART}(\d{{4}}){_APART}(\d{{4}})(?!\d)"
    r"|(?<!\d)0\d{2,3}[ -]?[2-9]\d{6,7}(?!\d)"
)
_WIDE = str.maketrans("０１２３４５６７８９＋", "0123456789+")


def without_numbers(text: str, *, hidden: bool = False) -> str:
    """A note as others than the owner read it: phone numbers in it are masked as everywhere, in the pool `hidden`."""
    return _NUMBER.sub(
        lambda found: f"{found[1]}****{found[3]}" if found[1] and not hidden else "****", text.translate(_WIDE)
    )
