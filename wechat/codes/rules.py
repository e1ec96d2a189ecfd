"""The states of a code: it waits for the platform, has been issued, or was given up."""

from enum import StrEnum


class CodeState(StrEnum):
    PENDING = "pending"
    ISSUED = "issued"
    FAILED = "failed"
