"""What colleagues send and see at the inbox."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from infra.paging import Limit, MomentCursor
from infra.problems import Unfit
from infra.schemas import Input, Name, Output, Text
from wechat.conversations.rules import Author
from wechat.conversations.schemas import ThreadMessageOut
from wechat.inbox.rules import Ended, Wanted
from wechat.outbound.contents import Content

Version = Annotated[int, Field(ge=0, le=2_000_000_000)]
Number = Annotated[int, Field(ge=0, le=2_000_000_000)]
Words = Annotated[Text, StringConstraints(min_length=1, max_length=600)]
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2199, 12, 31))]
_LONGEST_SPAN = timedelta(days=366)


class View(StrEnum):
    """Whose conversations: served by me, in my store's line, in the agents' line, waiting for anybody, all in reach."""

    MINE = "mine"
    STORE = "store"
    AGENTS = "agents"
    WAITING = "waiting"
    ALL = "all"


class ConversationFilters(Input):
    """All that is given must be so. `waiting` lists whoever waits longest first, the others the newest first."""

    view: View = View.MINE
    open: bool | None = None
    unread: bool | None = None
    app_id: Annotated[Text | None, Field(max_length=32)] = None
    staff_id: UUID | None = None
    store_id: UUID | None = None
    customer_id: UUID | None = None
    cursor: MomentCursor = None
    limit: Limit = 50


class WindowOut(Output):
    """How far we may write now. `until` is null when nothing may be sent.

    `why_not`: window_shut, window_used_up, not_following, blocked, refused, account_silent.
    """

    until: datetime | None
    left: int
    why_not: str | None


class ConversationOut(Output):
    """`name` is what the customer is called, or "" ; `waiting_since` the first message no person has answered."""

    id: UUID
    app_id: str
    account: str
    customer_id: UUID
    name: str
    staff_id: UUID | None
    staff: str | None
    store_id: UUID | None
    store: str | None
    open: bool
    waiting_since: datetime | None
    unread: int
    last_author: Author | None
    last_text: str | None
    last_at: datetime
    last_number: int
    window_until: datetime | None
    version: int


class CaseOut(Output):
    """The open case of service, or the last one."""

    id: UUID
    wanted: Wanted
    opened_at: datetime
    answered_at: datetime | None
    closed_at: datetime | None
    ended: Ended | None


class ConversationDetailOut(ConversationOut):
    """`others` are colleagues who look at it right now."""

    window: WindowOut
    case: CaseOut | None
    others: list[str]
    following: bool
    owner_id: UUID | None
    owner: str | None


class ReplyIn(Input):
    """`seen` is the number of the newest message on the page; when a colleague has answered since, 409.

    `anyway` sends all the same, and takes over what a colleague serves.
    """

    content: Content
    seen: Number
    anyway: bool = False


class NoteIn(Input):
    text: Words


class VersionIn(Input):
    """The version you saw; 409 with the present one when somebody decided something since."""

    version: Version


class AssignIn(VersionIn):
    """To a colleague, to a store's line, or (neither) to the agents' line; `note` is for whoever gets it."""

    staff_id: UUID | None = None
    store_id: UUID | None = None
    note: Annotated[Text, StringConstraints(max_length=300)] = ""

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if self.staff_id and self.store_id:
            raise Unfit("同事、门店最多选一个", "give at most one of staff_id and store_id")
        return self


class ReadIn(Input):
    """All up to this number has been looked at."""

    number: Number


class CountsOut(Output):
    """For the badges: conversations with something unread, and those that wait, by line."""

    mine_unread: int
    mine_waiting: int
    store_waiting: int
    agents_waiting: int
    longest_wait_since: datetime | None


class SearchFilters(Input):
    """Words that stand together in a message; letters of either case and form are the same."""

    q: Annotated[Text, StringConstraints(min_length=2, max_length=50)]
    cursor: MomentCursor = None
    limit: Limit = 50


class FoundOut(Output):
    """A message that holds what was searched for."""

    conversation_id: UUID
    customer_id: UUID
    name: str
    message: ThreadMessageOut


class PresenceIn(Input):
    """Sent by an open inbox every minute; `away` only when it is switched, null: as it was. Away: no new cases."""

    away: bool | None = None


class MyPresenceOut(Output):
    """As it is now, on whatever page it was switched."""

    away: bool


class PresenceOut(Output):
    staff_id: UUID
    name: str
    here: bool
    away: bool
    open_cases: int


class QuickReplyIn(Input):
    """`shared`: for everybody (needs inbox:assign)."""

    title: Name
    text: Words
    position: Annotated[int, Field(ge=0, le=10_000)] = 0
    shared: bool = False


class QuickReplyChange(QuickReplyIn):
    version: Version


class QuickReplyOut(Output):
    id: UUID
    title: str
    text: str
    position: int
    shared: bool
    version: int


class ServiceLevelFilters(Input):
    """Business days, both included, and whether lines are colleagues or stores."""

    first: Day
    last: Day
    by: Literal["staff", "store"] = "staff"

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first or self.last - self.first > _LONGEST_SPAN:
            raise Unfit("日期范围须在一年之内", "the span must be in order and within a year")
        return self


class ServiceLevelOut(Output):
    """Seconds to the first answer are of answered cases; `within` is the share answered within the target."""

    id: UUID | None
    name: str
    cases: int
    answered: int
    closed: int
    median_seconds: int | None
    p90_seconds: int | None
    within: float | None
    waiting: int


class ServiceLevelsOut(Output):
    """`target_seconds` is the parameter inbox.first_answer_seconds."""

    target_seconds: int
    total: ServiceLevelOut
    lines: list[ServiceLevelOut]
