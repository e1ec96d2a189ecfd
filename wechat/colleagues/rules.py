"""What of a notice stands where in a template, and how texts are made to fit its keys (wechat-platform §3.3). Pure."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

# A value of `fields_of_keys` that begins with it is the text itself.
FIXED = "="
WORDS = frozenset({"title", "body", "kind"})
TIME = "time"
FIELDS = WORDS | {TIME}

_PLACE = re.compile(r"\{\{\s*(\w+)\.DATA\s*\}\}", re.IGNORECASE)
_TYPE = re.compile(r"([a-z_]+?)\d+")
_TIMES = frozenset({"time", "date"})
_CHINESE = re.compile(r"[\u3400-\u9fff·]+")
_PRINTED = re.compile(r"[!-~]+")
# Keys that take a closed form of value, and no words of ours: what a fixed text in them has to look like.
_FORMS = {
    "amount": re.compile(r"[¥￥$€£]?\d{1,10}(\.\d{1,2})?元?"),
    "car_number": re.compile(r"[\u3400-\u9fff]?[A-Z0-9]{1,7}[\u3400-\u9fff]?"),
    "character_string": _PRINTED,
    "letter": re.compile(r"[A-Za-z]+"),
    "name": re.compile(r"[\u3400-\u9fff·]{1,10}|[A-Za-z .]{1,20}"),
    "number": re.compile(r"\d+(\.\d+)?"),
    "phone_number": re.compile(r"[\d+()\- ]{1,17}"),
    "phrase": _CHINESE,
    "symbol": re.compile(r"[^\w\s]+"),
}
_NOTHING = "—"
_CUT = "…"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lengths:
    """How many characters the keys of templates take."""

    thing: int
    phrase: int
    other: int

    def of(self, key: str) -> int:
        """The most characters of a key's value."""
        return {"thing": self.thing, "phrase": self.phrase}.get(type_of(key), self.other)


def keys_of(content: str) -> list[str]:
    """The keys of a template as the platform lists its content (`{{thing1.DATA}}`), in order."""
    return _PLACE.findall(content)


def type_of(key: str) -> str:
    """`thing` of `thing1`; "" of a key without a type (`first`, `keyword1`, `remark`), which takes any text."""
    typed = _TYPE.fullmatch(key)
    kind = typed[1] if typed else ""
    return kind if kind in _FORMS or kind in _TIMES or kind == "thing" else ""


def fits(key: str, field: str, lengths: Lengths) -> bool:
    """Whether a key can show a field of a notice, or the fixed text."""
    kind = type_of(key)
    if field.startswith(FIXED):
        text = field.removeprefix(FIXED)
        form = _FORMS.get(kind)
        right = kind not in _TIMES and (form is None or form.fullmatch(text) is not None)
        return right and bool(tidy(text)) and tidy(text) == text and length(text) <= lengths.of(key)
    if kind in _TIMES:
        return field == TIME
    return kind in {"", "thing"} and field in FIELDS


def value(key: str, text: str | datetime, lengths: Lengths, zone: ZoneInfo) -> str:
    """What is put in the place of a key: one line, cut with an ellipsis, never empty."""
    if isinstance(text, datetime):
        at = text.astimezone(zone)
        text = f"{at.year}年{at.month}月{at.day}日 {at:%H:%M}"
        if type_of(key) in _TIMES:
            return text
    return cut(tidy(text), lengths.of(key)) or _NOTHING


def values(
    fields_of_keys: Mapping[str, str], notice: Mapping[str, str | datetime], lengths: Lengths, zone: ZoneInfo
) -> dict[str, str]:
    """The data of a template message for a notice, given by field."""
    return {
        key: field.removeprefix(FIXED) if field.startswith(FIXED) else value(key, notice[field], lengths, zone)
        for key, field in fields_of_keys.items()
    }


def tidy(text: str) -> str:
    """In one line, without what no phone shows."""
    line = " ".join(text.split())
    return "".join(character for character in line if character == " " or unicodedata.category(character)[0] != "C")


def length(text: str) -> int:
    """Characters as the platform counts them: one beyond the basic plane (an emoji) is taken for two."""
    return len(text.encode("utf-16-le")) // 2


def cut(text: str, most: int) -> str:
    """The text, or as much of it as fits with an ellipsis."""
    if length(text) <= most:
        return text
    kept = ""
    for character in text:
        if length(kept + character) > most - 1:
            break
        kept += character
    return kept.rstrip() + _CUT
