"""What a tag can be. No I/O."""

from enum import StrEnum


class TagKind(StrEnum):
    TAG = "tag"
    GROUP = "group"
