"""Announcements as people send and see them."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from core.organisation.audience import Audience
from infra.problems import Unfit
from infra.schemas import IN_LINE, Input, Output, Text

Title = Annotated[Text, StringConstraints(min_length=1, max_length=100), IN_LINE]
Body = Annotated[Text, StringConstraints(min_length=1, max_length=20_000)]


class AnnouncementIn(Input):
    """To whom it is addressed is decided now: who joins a department later does not get it."""

    title: Title
    body: Body
    audience: Audience


class AnnouncementChange(Input):
    """`version` is the one that was read before. Whoever had read it is told, and it is unread again."""

    version: Annotated[int, Field(ge=1, le=2**31 - 1)]
    title: Title | None = None
    body: Body | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.title is None and self.body is None:
            raise Unfit("请给出标题或内容", "give a title or a body")
        return self


class AnnouncementOut(Output):
    """`read_at` is the caller's own; None also for who is not addressed."""

    id: UUID
    title: str
    body: str
    author_id: UUID
    author_name: str
    version: int
    published_at: datetime
    withdrawn_at: datetime | None
    read_at: datetime | None


class IssuedOut(AnnouncementOut):
    """The same for who looks after it: to whom, how many they are, how many have read this version."""

    audience: Audience
    readers: int
    read: int


class ListedOut(Output):
    id: UUID
    title: str
    author_name: str
    version: int
    published_at: datetime
    withdrawn_at: datetime | None
    read_at: datetime | None


class UnreadOut(Output):
    unread: int


class ReaderOut(Output):
    """A colleague it is addressed to; `id` is the colleague's."""

    id: UUID
    name: str
    department: str
    read_at: datetime | None
