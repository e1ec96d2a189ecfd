"""Notices and their settings as colleagues see and send them."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from core.notices.rules import minute_of
from infra.problems import Unfit
from infra.schemas import Input, Output, Text

ClockTime = Annotated[Text, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Kind = Annotated[Text, StringConstraints(min_length=1, max_length=40)]


class NoticeOut(Output):
    """`link` is a path of our pages; `delivered_at`: a device or the list showed it, or WeChat brought it."""

    id: UUID
    kind: str
    title: str
    body: str
    link: str
    urgent: bool
    created_at: datetime
    delivered_at: datetime | None
    read_at: datetime | None


class UnreadOut(Output):
    """How many notices are unread, in all and by kind."""

    unread: int
    kinds: dict[str, int]


class ReadIn(Input):
    """Either some, or all up to and including one; what is not one's own is passed over."""

    ids: list[UUID] = Field(default=[], max_length=1_000)
    up_to: UUID | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if bool(self.ids) == (self.up_to is not None):
            raise Unfit("请给出 ids 或 up_to 之一", "give either ids or up_to")
        return self


def _without_repeats(kinds: list[str]) -> list[str]:
    return sorted(set(kinds))


class NoticeSettingsIn(Input):
    """Quiet hours in business time, past midnight too (none: both null); kinds that stay off WeChat."""

    quiet_from: ClockTime | None = None
    quiet_until: ClockTime | None = None
    muted_kinds: Annotated[list[Kind], AfterValidator(_without_repeats)] = Field(default=[], max_length=200)

    @model_validator(mode="after")
    def _a_span(self) -> Self:
        if (self.quiet_from is None) != (self.quiet_until is None):
            raise Unfit("免打扰须同时填写开始与结束时间", "quiet hours have both a beginning and an end")
        if self.quiet_from is not None and self.quiet_from == self.quiet_until:
            raise Unfit("免打扰的开始与结束时间不能相同", "quiet hours must not end when they begin")
        return self

    def span(self) -> tuple[int | None, int | None]:
        """Beginning and end as minutes of the day."""
        return minute_of(self.quiet_from), minute_of(self.quiet_until)


class KindOut(Output):
    kind: str
    title: str
    muted: bool


class NoticeSettingsOut(Output):
    """`kinds` are all there are; urgent notices break quiet hours, and nothing is kept from the list."""

    quiet_from: str | None
    quiet_until: str | None
    kinds: list[KindOut]
