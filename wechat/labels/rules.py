"""What a label may be."""

from enum import StrEnum

# Groups that every account has on the platform: none 0, blacklist 1, starred 2.
RESERVED_NUMBERS = frozenset({0, 1, 2})
RESERVED_NAMES = frozenset({"未分组", "默认组", "屏蔽组", "黑名单", "星标组"})


class LabelKind(StrEnum):
    """A fan carries many tags and is in one group at most; the platform knows both as tags."""

    TAG = "tag"
    GROUP = "group"
