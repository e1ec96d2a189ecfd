"""What we say to a fan: the kinds of messages that go out, as typed values.

A file of its own: replies by rule, a person's answers and later care messages are all made of these.
"""

from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from pydantic import Field, StringConstraints

from infra.schemas import Input, Text

_Words = Annotated[Text, StringConstraints(min_length=1, max_length=600)]
_Line = Annotated[Text, StringConstraints(min_length=1, max_length=64)]
_Address = Annotated[Text, StringConstraints(min_length=1, max_length=1024, pattern=r"^https?://")]


class TextContent(Input):
    """Words; a rule's may have placeholders, which are filled before they go out."""

    kind: Literal["text"] = "text"
    text: _Words


class ImageContent(Input):
    """A picture of ours: the platform gets the file's bytes when the message is sent."""

    kind: Literal["image"] = "image"
    file_id: UUID


class NewsContent(Input):
    """A card with a title, a picture and an address it opens."""

    kind: Literal["news"] = "news"
    title: _Line
    description: Annotated[Text, StringConstraints(max_length=120)] = ""
    url: _Address
    picture_id: UUID | None = None


class MiniProgramContent(Input):
    """A card that opens a page of a mini-program of ours."""

    kind: Literal["mini_program"] = "mini_program"
    app_id: Annotated[Text, StringConstraints(min_length=1, max_length=32)]
    page: Annotated[Text, StringConstraints(min_length=1, max_length=1024)]
    title: _Line
    picture_id: UUID


Content: TypeAlias = Annotated[
    TextContent | ImageContent | NewsContent | MiniProgramContent, Field(discriminator="kind")
]
