"""The life of a menu. Pure."""

from enum import StrEnum


class MenuState(StrEnum):
    """`publishing`: on its way to the platform, until it is known to be there; `former`: was live once."""

    DRAFT = "draft"
    PUBLISHING = "publishing"
    LIVE = "live"
    FORMER = "former"
    FAILED = "failed"
