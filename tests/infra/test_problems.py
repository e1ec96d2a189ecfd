"""What is wrong with an input is told in Chinese, by names the sender knows."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

import pytest
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from infra.problems import Unfit, place, problem
from infra.schemas import Name


class _Colour(StrEnum):
    RED = "red"
    GREEN = "green"
    BLUE = "blue"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")
    number: int = 1


@pytest.mark.parametrize(
    ("kind", "given", "words"),
    [
        (AwareDatetime, "2026-05-01T00:00:00", "须带时区，例如 2026-05-01T09:00:00+08:00"),
        (datetime, "soon", "不是有效的时间，例如 2026-05-01T09:00:00+08:00"),
        (date, "soon", "不是有效的日期，例如 2026-05-01"),
        (Annotated[str, Field(pattern="^a$")], "b", "格式不对"),
        (Annotated[str, Field(max_length=3)], "xxxx", "最多 3 个字符"),
        (Annotated[str, Field(min_length=3)], "x", "至少 3 个字符"),
        (Name, "x" * 51, "最多 50 个字符"),
        (Name, "", "至少 1 个字符"),
        (Name, "\0", "不能含有控制字符"),
        (str, 1, "须是文字"),
        (Annotated[int, Field(gt=3)], 3, "须大于 3"),
        (Annotated[int, Field(ge=3)], 2, "不能小于 3"),
        (Annotated[int, Field(lt=3)], 3, "须小于 3"),
        (Annotated[int, Field(le=3)], 4, "不能大于 3"),
        (int, "x", "须是整数"),
        (int, 1.5, "须是整数"),
        (float, "x", "须是数字"),
        (bool, "x", "须是 true 或 false"),
        (UUID, "x", "不是有效的编号"),
        (_Colour, "x", "只能是 'red'、'green'、'blue'"),
        (Literal["a", "b"], "x", "只能是 'a'、'b'"),
        (list[int], 1, "须是一个列表"),
        (Annotated[list[int], Field(max_length=1)], [1, 2], "最多 1 项"),
        (Annotated[list[int], Field(min_length=1)], [], "至少 1 项"),
        (_Strict, {"other": 1}, "没有这一项"),
        (_Strict, "x", "填写的内容有误"),
        (bytes, 1, "填写的内容有误"),
    ],
)
def test_common_errors_are_told_in_chinese(kind, given, words):
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(kind).validate_python(given)
    [error] = refused.value.errors()
    assert problem(error) == words
    assert problem(error, english=True) == error["msg"].removeprefix("Value error, ")


def test_a_refusal_of_our_own_knows_both_languages():
    error = {"type": "value_error", "msg": "Value error, no", "ctx": {"error": Unfit("不行", "no")}}
    assert (problem(error), problem(error, english=True)) == ("不行", "no")
    plain = {"type": "value_error", "msg": "Value error, no", "ctx": {"error": ValueError("no")}}
    assert problem(plain) == "no"


def test_what_pydantic_calls_its_own_steps_is_no_place():
    assert place(("body", "forward_url", "function-after[_forwardable(), str]")) == "body.forward_url"
    assert place(("body", "forward_url", "literal['']")) == "body.forward_url"
    assert place(("body", "items", 3, "名称")) == "body.items.3.名称"
    assert place(()) == ""
