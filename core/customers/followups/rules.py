"""What a follow-up or a record of sales can be. No I/O."""

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
