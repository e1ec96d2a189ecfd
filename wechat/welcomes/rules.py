"""The words of a welcome and their placeholders."""

import re
from collections.abc import Collection, Mapping

PLACEHOLDERS = frozenset({"导购", "门店", "渠道", "公众号"})
# A store's words are said for its guides' codes too, so what its own code lacks may stand in them.
OF_CHANNEL = frozenset({"渠道", "公众号"})
OF_EVERYBODY = frozenset({"公众号"})

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def placeholders_beyond(allowed: Collection[str], *texts: str | None) -> list[str]:
    """What stands in braces and is not allowed there, sorted."""
    return sorted({name for text in texts for name in _PLACEHOLDER.findall(text or "") if name not in allowed})


def fill(text: str, values: Mapping[str, str | None], longest_bytes: int) -> str | None:
    """The text with its placeholders filled, None if one has no value. Cut at what the platform shows."""
    if not all(values.get(name) for name in _PLACEHOLDER.findall(text)):
        return None
    filled = _PLACEHOLDER.sub(lambda match: values[match[1]] or "", text)
    return filled.encode()[:longest_bytes].decode(errors="ignore")
