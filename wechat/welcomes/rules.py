"""The words of a welcome: placeholders, and the platform's length (about 2048 bytes of text, wechat-platform §2.5)."""

import re
from collections.abc import Mapping

PLACEHOLDERS = frozenset({"导购", "门店", "渠道", "公众号"})
LONGEST_BYTES = 2048

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def unknown_placeholders(text: str) -> list[str]:
    """What stands in braces and is no placeholder of ours, sorted."""
    return sorted(set(_PLACEHOLDER.findall(text)) - PLACEHOLDERS)


def fill(text: str, values: Mapping[str, str | None]) -> str:
    """The text with its placeholders filled; one without a value leaves nothing. Cut at the platform's length."""
    filled = _PLACEHOLDER.sub(lambda match: values.get(match[1]) or "", text)
    return filled.encode()[:LONGEST_BYTES].decode(errors="ignore")
