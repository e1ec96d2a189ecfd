"""What an import can be. No I/O."""

from enum import StrEnum


class ImportState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class RowOutcome(StrEnum):
    """What became of a row; `would_…` are those of a dry run."""

    CREATED = "created"
    LINKED = "linked"
    REFUSED = "refused"
    WARNED = "warned"
