"""What acknowledgements add up to, in whatever order and however often they come: pure functions."""

from enum import StrEnum


class Step(StrEnum):
    """What a recipient says of a task."""

    DELIVERED = "delivered"
    READ = "read"
    ACCEPTED = "accepted"
    PROGRESS = "progress"
    DONE = "done"
    REJECTED = "rejected"


class Decision(StrEnum):
    """Words that replace one another: the latest stands; of two of one moment the one further down here."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    DONE = "done"
