"""What an account may be."""

from enum import StrEnum


class Kind(StrEnum):
    OFFICIAL = "official"
    MINI = "mini"


class Mode(StrEnum):
    """How pushes are encrypted (the platform's 明文、兼容、安全模式)."""

    PLAIN = "plain"
    COMPATIBLE = "compatible"
    SAFE = "safe"
