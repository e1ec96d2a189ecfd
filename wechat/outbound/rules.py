"""States of what is to leave the house."""

from enum import StrEnum


class Channel(StrEnum):
    """The way a message takes on the platform."""

    TEMPLATE = "template"


class State(StrEnum):
    """`unknown`: the platform's answer was lost; how it is settled depends on the channel (architecture §3.4)."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"
