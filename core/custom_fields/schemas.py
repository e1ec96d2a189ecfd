"""What administrators send about custom fields, and everybody sees."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from core.custom_fields.rules import MOST_OPTIONS, FieldKind, Subject
from infra.schemas import IN_LINE, Input, Name, Output, Text, Version

MaxLength = Annotated[int, Field(ge=1, le=2000)]
Help = Annotated[Text, StringConstraints(min_length=1, max_length=200)]
OptionName = Annotated[Text, StringConstraints(min_length=1, max_length=50), IN_LINE]


class OptionIn(Input):
    """Without an id it is a new choice, or the former one of this name."""

    id: Annotated[Text, StringConstraints(max_length=10)] | None = None
    name: OptionName


Options = Annotated[list[OptionIn], Field(max_length=MOST_OPTIONS)]


class FieldIn(Input):
    """`max_length` is for lines and texts, `options` for option fields, `unique` for lines, numbers and dates."""

    subject: Subject
    kind: FieldKind
    name: Name
    help: Help | None = None
    max_length: MaxLength | None = None
    options: Options = Field(default_factory=list)
    required: bool = False
    unique: bool = False
    searchable: bool = False
    listed: bool = False


class FieldChange(Input):
    """What is left out stays as it is; null takes help and length away. Options left out of `options` are retired."""

    version: Version
    kind: FieldKind = FieldKind.LINE
    name: Name = ""
    help: Help | None = None
    max_length: MaxLength | None = None
    options: Options = Field(default_factory=list)
    required: bool = False
    unique: bool = False
    searchable: bool = False
    listed: bool = False


class FieldOrder(Input):
    """All fields of the subject, in the order wanted."""

    ids: Annotated[list[UUID], Field(max_length=1000)]


class OptionOut(Output):
    id: str
    name: str
    retired: bool


class FieldOut(Output):
    """A retired option isn't offered, but stays valid where it is held. A deleted field keeps its values."""

    id: UUID
    subject: Subject
    kind: FieldKind
    name: str
    help: str | None
    max_length: int | None
    options: list[OptionOut]
    required: bool
    unique: bool
    searchable: bool
    listed: bool
    position: int
    version: int
    deleted_at: datetime | None
