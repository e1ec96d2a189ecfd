"""What managers send and see about welcomes."""

from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from infra.problems import Unfit
from infra.schemas import Input, Output, Text

Words = Annotated[Text, StringConstraints(min_length=1, max_length=600)]


class Whose(StrEnum):
    """Whose followers a welcome is for."""

    EVERYBODY = "everybody"
    CHANNEL = "channel"
    STORE = "store"
    GUIDE = "guide"


class WelcomeIn(Input):
    """For a guide, a store, a channel, or (none given) for everybody. `version` is the one you saw; 0 for a new one.

    Placeholders: {导购} {门店} {渠道} {公众号}; a channel's words know the last two, everybody's the last. Where
    one has no value, the next less particular words are said. Without `scan_text` a second scan gets no answer.
    """

    guide_id: UUID | None = None
    store_id: UUID | None = None
    channel_id: UUID | None = None
    follow_text: Words
    scan_text: Words | None = None
    version: Annotated[int, Field(ge=0, le=2_000_000_000)] = 0

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if sum(target is not None for target in (self.guide_id, self.store_id, self.channel_id)) > 1:
            raise Unfit("导购、门店、渠道最多选一个", "give at most one of guide_id, store_id and channel_id")
        return self


class WelcomeOut(Output):
    id: UUID
    guide_id: UUID | None
    store_id: UUID | None
    channel_id: UUID | None
    follow_text: str
    scan_text: str | None
    version: int


class ListedWelcomeOut(WelcomeOut):
    """`target` is the name of the guide, store or channel; null: everybody's."""

    target: str | None
