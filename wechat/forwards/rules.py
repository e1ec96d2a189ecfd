"""The states of a push to be handed on, and the pauses between tries."""

from datetime import timedelta
from enum import StrEnum

_LONGEST = timedelta(hours=1)


class ForwardState(StrEnum):
    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"


def pause_before_next(attempts: int, first_seconds: int) -> timedelta:
    """How long to wait after the try of that number: four times as long each time, an hour at most."""
    return min(timedelta(seconds=first_seconds * 4 ** (attempts - 1)), _LONGEST)
