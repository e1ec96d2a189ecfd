"""Bases of all schemas, and the shape of a page of a list."""

from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints

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


def _no_nul(value: object) -> object:
    # PostgreSQL's text holds every character but this one.
    if isinstance(value, str) and "\x00" in value:
        raise ValueError("must not contain NUL")
    return value


Text = Annotated[str, BeforeValidator(_no_nul)]
Name = Annotated[Text, StringConstraints(min_length=1, max_length=50)]
