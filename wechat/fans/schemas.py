"""What staff ask and see of fans. Openids and unionids never leave the house."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from core.customers.rules import ContactKind
from infra.paging import Cursor, Limit
from infra.schemas import Input, Output, Text
from wechat.labels.rules import LabelKind

# No fan is older than WeChat's official accounts.
Moment = Annotated[
    AwareDatetime | None, Field(ge=datetime(2011, 1, 1, tzinfo=UTC), le=datetime(2199, 12, 31, tzinfo=UTC))
]


class Window(StrEnum):
    """Whether customer messages may be sent now, because the fan wrote lately."""

    OPEN = "open"
    SHUT = "shut"


class FanFilters(Input):
    """All that is given must be so; with `app_id`, following, talk, window, label and blacklist are those there.

    `code_id`, `store_id` and `channel_id` are what the first touch is credited to, `followed_…` is when it happened.
    `talked_…` is the last talk, so a fan who never wrote is in neither.
    """

    cursor: Cursor = None
    limit: Limit = 50
    app_id: Annotated[Text | None, Field(max_length=32)] = None
    following: bool | None = None
    code_id: UUID | None = None
    store_id: UUID | None = None
    channel_id: UUID | None = None
    followed_after: Moment = None
    followed_before: Moment = None
    talked_after: Moment = None
    talked_before: Moment = None
    window: Window | None = None
    label_id: UUID | None = None
    blocked: bool | None = None


class AllFansFilters(FanFilters):
    """The same, and who looks after the fan."""

    guide_id: UUID | None = None


class FanOut(Output):
    """`brought_by` is the guide credited with the first touch; `guide_id` looks after the fan now.

    `name` is null while nobody gave one.
    """

    id: UUID
    number: int
    name: str | None
    following: bool
    guide_id: UUID | None
    brought_by: UUID | None
    code_id: UUID | None
    store_id: UUID | None
    channel_id: UUID | None
    first_touch_at: datetime | None
    last_touch_at: datetime | None
    last_seen_at: datetime
    talked_at: datetime | None


class TouchOut(Output):
    kind: ContactKind
    occurred_at: datetime
    code_id: UUID | None
    guide: str | None
    store: str | None
    channel: str | None


class LabelRefOut(Output):
    """`synced`: the platform knows it."""

    id: UUID
    name: str
    kind: LabelKind
    synced: bool


class IdentityOut(Output):
    """The fan in one account; `window_until` is until when one may write, now."""

    app_id: str
    account: str
    following: bool
    followed_at: datetime | None
    subscribe_scene: str | None
    last_seen_at: datetime
    talked_at: datetime | None
    window_until: datetime | None
    has_unionid: bool
    blocked: bool
    labels: list[LabelRefOut]


class FanDetailOut(Output):
    id: UUID
    following: bool
    guide_id: UUID | None
    guide: str | None
    first_touch: TouchOut | None
    last_touch: TouchOut | None
    touches: int
    identities: list[IdentityOut]
    timeline: str


class SourcesOut(Output):
    """Fans by what their first touch is credited to: the guide, else the store, else the channel."""

    guide: int
    store: int
    channel: int
    none: int


class LabelCountOut(Output):
    id: UUID
    name: str
    kind: LabelKind
    fans: int


class PortraitOut(Output):
    """Counts of people; `top_labels` are those that most fans carry."""

    following: int
    left: int
    sources: SourcesOut
    window_open: int
    talked_7_days: int
    talked_30_days: int
    top_labels: list[LabelCountOut]
