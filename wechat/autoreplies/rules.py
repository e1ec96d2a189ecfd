"""What an automatic reply may be asked by, and how words match. Pure."""

from enum import StrEnum


class Trigger(StrEnum):
    """What a rule answers. `default` is asked when nothing else has an answer."""

    KEYWORD = "keyword"
    MENU = "menu"
    EVENT = "event"
    FOLLOW = "follow"
    DEFAULT = "default"


class Match(StrEnum):
    """How a key word is compared with what the fan wrote."""

    EXACT = "exact"
    CONTAINS = "contains"
    PATTERN = "pattern"
