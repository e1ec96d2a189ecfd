"""What staff send and see about files and the library's pictures."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from infra.schemas import IN_LINE, Input, Name, Output, Text

FileName = Annotated[Text, StringConstraints(min_length=1, max_length=200), IN_LINE]
PurposeName = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,30}$")]
Title = Annotated[Text, StringConstraints(min_length=1, max_length=100), IN_LINE]
Tags = Annotated[list[Name], Field(max_length=20), AfterValidator(lambda tags: list(dict.fromkeys(tags)))]


class FileOut(Output):
    """Links are paths at this origin, open the file without a session, and end at `links_expire_at`: ask again then.

    `size` in bytes; width and height in pixels, as a picture is seen. `thumbnail_url`: 360 pixels at most, WebP.
    """

    id: UUID
    name: str
    purpose: str
    media_type: str
    size: int
    width: int | None
    height: int | None
    created_at: datetime
    url: str
    thumbnail_url: str | None
    links_expire_at: datetime


class ImageIn(Input):
    """A picture that the caller uploaded with the purpose `image`."""

    file_id: UUID
    title: Title
    tags: Tags = Field(default=[])


class ImageChange(Input):
    """What is left out stays as it is; `version` is the one that was seen."""

    version: Annotated[int, Field(ge=1, le=2_147_483_647)]
    title: Title = ""
    tags: Tags = Field(default=[])


class ImageOut(Output):
    id: UUID
    title: str
    tags: list[str]
    version: int
    added_by_id: UUID
    created_at: datetime
    file: FileOut


class TagOut(Output):
    """A tag, and how many pictures carry it."""

    tag: str
    images: int
