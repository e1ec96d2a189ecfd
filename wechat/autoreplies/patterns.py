"""Patterns that marketers write: RE2, whose time grows with the text only, whatever the pattern."""

from collections.abc import Sequence

from wechat.autoreplies.errors import PatternInvalid
from wechat.autoreplies.rules import Written

_MEMORY_BYTES = 1 << 20


class Pattern:
    """A pattern found anywhere in a text, in any case. Raises PatternInvalid."""

    def __init__(self, pattern: str) -> None:
        # Loaded where there is a pattern: most houses have none.
        import re2

        options = re2.Options()
        options.case_sensitive = False
        options.log_errors = False
        options.max_mem = _MEMORY_BYTES
        try:
            self._compiled = re2.compile(pattern, options)
        except re2.error as error:
            raise PatternInvalid({"pattern": pattern, "reason": _reason(error)}) from error

    def finds(self, text: str) -> bool:
        return self._compiled.search(text) is not None


def _reason(error: Exception) -> str:
    """The engine's words."""
    said = error.args[0] if error.args else ""
    return said.decode(errors="replace") if isinstance(said, bytes) else str(said)


def find(patterns: Sequence[Pattern], what: Written) -> bool:
    """Whether one of them is in what a fan wrote, as it came or folded: full-width letters are letters."""
    return any(pattern.finds(what.folded) or pattern.finds(what.text) for pattern in patterns)
