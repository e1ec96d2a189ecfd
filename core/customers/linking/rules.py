"""How evidence about a person is weighed. No I/O."""

from enum import StrEnum


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


class PhoneLabel(StrEnum):
    """What a number is for (F-02, F-03)."""

    MOBILE = "mobile"
    MAIN = "main"
    FINANCE = "finance"
    OFFICE = "office"
    HOME = "home"
    FAX = "fax"


class CandidateState(StrEnum):
    """A suggestion that two customers are one person."""

    OPEN = "open"
    MERGED = "merged"
    DISMISSED = "dismissed"
