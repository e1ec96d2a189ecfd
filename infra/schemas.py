"""Bases of all schemas, and the shape of a page of a list."""

import re
from typing import Annotated, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from infra.problems import Unfit

T = TypeVar("T")


class Input(BaseModel):
    """What comes in: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Output(BaseModel):
    """What goes out; reads attributes of rows, never is one."""

    model_config = ConfigDict(from_attributes=True)


class Page(Output, Generic[T]):
    """Part of a list; hand `next` in as `cursor` for the following part. None: that was all."""

    items: list[T]
    next: str | None


# What XML 1.0 can carry (https://www.w3.org/TR/xml/#charsets): whatever we keep may be sent to a phone one day. It also
# leaves out NUL, the one character PostgreSQL's text can't hold.
UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _writable(value: object) -> object:
    if isinstance(value, str) and UNWRITABLE.search(value):
        raise Unfit("不能含有控制字符", "must not contain control characters")
    return value


# A name stands in one line among other words: it may neither break it nor turn the direction of what follows.
_UNRULY = re.compile("[\n\r\u0085\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def _in_line(name: str) -> str:
    if _UNRULY.search(name):
        raise Unfit("不能含有换行或改变文字方向的字符", "must not contain line breaks or bidirectional controls")
    return name


Text = Annotated[str, BeforeValidator(_writable)]
IN_LINE = AfterValidator(_in_line)
# The one a page was made from, of a document that people edit; a column of 32 bits.
Version = Annotated[int, Field(ge=0, le=2_000_000_000)]
Name = Annotated[Text, StringConstraints(min_length=1, max_length=50), IN_LINE]
