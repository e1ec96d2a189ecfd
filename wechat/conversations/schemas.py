"""Threads as colleagues see them. Openids stay inside."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from infra.paging import Limit
from infra.schemas import Input, Output, Text
from wechat.conversations.rules import Author, Check, MediaState, MessageKind
from wechat.outbound.rules import State


class MessageFilters(Input):
    """The newest first, before `before`; or with `after` all that came since, the oldest first."""

    before: Annotated[int | None, Field(ge=1, le=2_000_000_000)] = None
    after: Annotated[int | None, Field(ge=0, le=2_000_000_000)] = None
    limit: Limit = 50


class MediaOut(Output):
    """`url` is a signed link once the bytes are ours; `state` failed: the platform doesn't give them any more."""

    state: MediaState
    url: str | None
    thumbnail_url: str | None


class SentOut(Output):
    """What became of a message of ours; `unknown` is never sent again by itself."""

    state: State
    error: str | None
    id: UUID | None


class ThreadMessageOut(Output):
    """`content` has the fields of its kind; with `check` risky, pages show it only when asked to.

    `number` counts a thread's messages from 1 without gaps. `sent` is null for what fans say and for notes.
    """

    number: int
    author: Author
    kind: MessageKind
    said_at: datetime
    staff_id: UUID | None
    staff: str | None
    rule: str | None
    text: str | None
    content: dict[str, object]
    check: Check | None
    media: MediaOut | None
    sent: SentOut | None


class BannedWordIn(Input):
    word: Annotated[Text, StringConstraints(min_length=1, max_length=50)]


class BannedWordOut(Output):
    id: UUID
    word: str
    created_at: datetime
