"""Ready-made roles and their operation points (`part:action`); `own` means the person's own data only."""

from enum import StrEnum


class Role(StrEnum):
    GUIDE = "guide"
    MANAGER = "manager"
    ADMIN = "admin"


_GUIDE = frozenset({"codes:own", "fans:own", "labels:read"})
_MANAGER = frozenset(
    {
        "accounts:read",
        "blocks:write",
        "channels:read",
        "channels:write",
        "codes:read",
        "codes:write",
        "fans:read",
        "fans:write",
        "guides:read",
        "guides:write",
        "labels:read",
        "labels:write",
        "omnichannel:read",
        "ranking:read",
        "stores:read",
        "stores:write",
        "welcomes:read",
        "welcomes:write",
    }
)
_ADMIN = _MANAGER | {"accounts:write", "alerts:read", "staff:write"}

PERMISSIONS: dict[Role, frozenset[str]] = {Role.GUIDE: _GUIDE, Role.MANAGER: _MANAGER, Role.ADMIN: _ADMIN}


def allows(role: Role, permission: str) -> bool:
    """Whether a role holds an operation point."""
    return permission in PERMISSIONS[role]
