"""What of a person is a right, and what of a change may be written down."""

from collections.abc import Mapping
from typing import Any

RIGHTS = frozenset({"role_id", "scope", "special_rights", "granted_departments"})
_UNTOLD = frozenset({"phone", "email"})


def details_of(former: Mapping[str, Any], changed: Mapping[str, Any]) -> dict[str, Any]:
    """From what to what, for the audit; of phone and email only that they changed."""
    return {name: "changed" if name in _UNTOLD else [former[name], value] for name, value in changed.items()}
