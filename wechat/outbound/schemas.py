"""What administrators see of the outbound ledger; openids and contents stay inside."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from infra.paging import Cursor, Limit
from infra.schemas import Input, Output, Text
from wechat.outbound.rules import Channel, State


class MessageFilters(Input):
    """All that are given have to fit."""

    cursor: Cursor = None
    limit: Limit = 50
    state: State | None = None
    channel: Channel | None = None
    app_id: Annotated[Text | None, Field(max_length=32)] = None
    staff_id: UUID | None = None
    conversation_id: UUID | None = None
    error: Annotated[Text | None, Field(max_length=200, description="exactly this errcode or word")] = None


class MessageOut(Output):
    """`error` is the platform's errcode, or a word of ours; `source_id` is the notice (or what else it is about).

    `result` is what the platform reported later, at `settled_at`.
    """

    id: UUID
    app_id: str
    channel: Channel
    staff_id: UUID | None
    conversation_id: UUID | None
    source_id: UUID | None
    state: State
    error: str | None
    result: str | None
    attempts: int
    due_at: datetime
    created_at: datetime
    sent_at: datetime | None
    settled_at: datetime | None
