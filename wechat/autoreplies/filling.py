"""Placeholders of automatic replies, and what stands in their place. Pure."""

import re
from collections.abc import Collection, Mapping, Sequence

from wechat.outbound.contents import Content

CALLING, GUIDE, STORE, ACCOUNT = "称呼", "导购", "门店", "公众号"
PLACEHOLDERS = frozenset({CALLING, GUIDE, STORE, ACCOUNT})

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
# Between clauses: behind a Chinese mark or a new line, and behind a Western mark that a space follows.
_BORDER = re.compile(r"(?<=[，。！？；\n])|(?<=[,.!?;])(?=\s)")
_GOES_ON = "，,；;、"
_ENDS = "。！？.!?\n"
# What may hold placeholders, and how long it may be when they are filled (the schema's limits).
_TEXTS = {"text": 600, "title": 64, "description": 120}
_NEEDED = {"text", "title"}


def texts_of(contents: Collection[Content]) -> list[str]:
    """All that fans would read, and placeholders may stand in."""
    return [text for content in contents for name in _TEXTS if (text := getattr(content, name, None))]


def placeholders_in(contents: Collection[Content]) -> frozenset[str]:
    """The placeholders that contents have."""
    return frozenset(name for text in texts_of(contents) for name in _PLACEHOLDER.findall(text))


def fill(text: str, values: Mapping[str, str | None]) -> str:
    """The text with its placeholders filled; a clause with one that has no value is left out, up to its mark.

    「您好，我是{导购}。」 is 「您好。」 for somebody without a guide: what remains can be read.
    """
    kept = list[str]()
    for clause in _BORDER.split(text):
        if all(values.get(name) for name in _PLACEHOLDER.findall(clause)):
            kept.append(_PLACEHOLDER.sub(lambda found: values[found[1]] or "", clause))
        elif kept and clause[-1] not in _GOES_ON and kept[-1][-1:] in _GOES_ON:
            kept[-1] = kept[-1][:-1] + (clause[-1] if clause[-1] in _ENDS else "")
    return "".join(kept).strip()


def filled(contents: Sequence[Content], values: Mapping[str, str | None]) -> tuple[Content, ...]:
    """Contents with their texts filled and cut; one of which nothing to read remains is left out."""
    return tuple(found for content in contents if (found := _filled(content, values)) is not None)


def _filled(content: Content, values: Mapping[str, str | None]) -> Content | None:
    texts = {name: fill(text, values)[:most] for name, most in _TEXTS.items() if (text := getattr(content, name, None))}
    if any(not text for name, text in texts.items() if name in _NEEDED):
        return None
    return content.model_copy(update=texts) if texts else content
