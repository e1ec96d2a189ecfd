"""What is wrong with an input, in words for whoever typed it: pydantic's commonest errors in Chinese."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

_MOMENT = "例如 2026-05-01T09:00:00+08:00"
_CHINESE = {
    "bool_parsing": "须是 true 或 false",
    "bool_type": "须是 true 或 false",
    "date_from_datetime_parsing": "不是有效的日期，例如 2026-05-01",
    "date_parsing": "不是有效的日期，例如 2026-05-01",
    "datetime_from_date_parsing": f"不是有效的时间，{_MOMENT}",
    "datetime_parsing": f"不是有效的时间，{_MOMENT}",
    "datetime_type": f"不是有效的时间，{_MOMENT}",
    "dict_type": "须是一个对象",
    "enum": "只能是 {expected}",
    "extra_forbidden": "没有这一项",
    "finite_number": "须是有限的数",
    "float_parsing": "须是数字",
    "float_type": "须是数字",
    "greater_than": "须大于 {gt}",
    "greater_than_equal": "不能小于 {ge}",
    "int_from_float": "须是整数",
    "int_parsing": "须是整数",
    "int_parsing_size": "数字太大",
    "int_type": "须是整数",
    "json_invalid": "不是有效的 JSON",
    "less_than": "须小于 {lt}",
    "less_than_equal": "不能大于 {le}",
    "list_type": "须是一个列表",
    "literal_error": "只能是 {expected}",
    "missing": "必须填写",
    "model_attributes_type": "须是一个对象",
    "string_pattern_mismatch": "格式不对",
    "string_too_long": "最多 {max_length} 个字符",
    "string_too_short": "至少 {min_length} 个字符",
    "string_type": "须是文字",
    "string_unicode": "不是有效的文字",
    "timezone_aware": f"须带时区，{_MOMENT}",
    "too_long": "最多 {max_length} {unit}",
    "too_short": "至少 {min_length} {unit}",
    "uuid_parsing": "不是有效的编号",
    "uuid_type": "不是有效的编号",
}
# How pydantic names what it is doing where the input has no name: `function-after[…]`, `literal['']`.
_ITS_OWN = re.compile(r"[a-z-]+\[.*\]", re.DOTALL)

_MEMBER = re.compile(r"<[\w.]+: ([^>]*)>")


class Unfit(ValueError):
    """A validator's refusal, in both languages."""

    def __init__(self, message: str, english: str) -> None:
        super().__init__(english)
        self.message = message


def problem(error: Mapping[str, Any], *, english: bool = False) -> str:
    """What one of pydantic's errors says; it never repeats the input."""
    facts = error.get("ctx") or {}
    refusal = facts.get("error")
    if refusal is not None and not isinstance(refusal, str):
        return refusal.message if isinstance(refusal, Unfit) and not english else str(refusal)
    if english:
        return str(error["msg"])
    expected = _MEMBER.sub(r"\1", str(facts.get("expected", ""))).replace(" or ", "、").replace(", ", "、")
    # A text that is looked at before its length is measured has become a "Value".
    unit = "个字符" if facts.get("field_type") == "Value" else "项"
    return _CHINESE.get(error["type"], "填写的内容有误").format(**facts | {"expected": expected, "unit": unit})


def place(location: Sequence[int | str]) -> str:
    """Where in the input: the names and numbers that the sender knows, with dots."""
    return ".".join(str(part) for part in location if not _ITS_OWN.fullmatch(str(part)))
