"""Why a person is wanted, and how a case of service ends. Pure."""

from enum import StrEnum


class Wanted(StrEnum):
    """Why a case was opened: no rule had an answer, the fan asked for a person, or a colleague began it."""

    NO_ANSWER = "no_answer"
    ASKED = "asked"
    BEGUN = "begun"


class Ended(StrEnum):
    """How a case was closed."""

    CLOSED = "closed"
    QUIET = "quiet"
    LEFT = "left"
