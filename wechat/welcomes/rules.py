"""The words of a welcome and their placeholders."""

import re
from collections.abc import Mapping

PLACEHOLDERS = frozenset({"导购", "门店", "渠道", "公众号"})

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def unknown_placeholders(text: str) -> list[str]:
    """What stands in braces and is no placeholder of ours, sorted."""
    return sorted(set(_PLACEHOLDER.findall(text)) - PLACEHOLDERS)


def fill(text: str, values: Mapping[str, str | None], longest_bytes: int) -> str:
    """The text with its placeholders filled; one without a value leaves nothing. Cut at what the platform shows."""
    filled = _PLACEHOLDER.sub(lambda match: values.get(match[1]) or "", text)
    return filled.encode()[:longest_bytes].decode(errors="ignore")
