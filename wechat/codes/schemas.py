"""What staff send and see of codes."""

from datetime import UTC, date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from infra import clock
from infra.problems import Unfit
from infra.schemas import Input, Name, Output, Text
from wechat.accounts.rules import Kind
from wechat.codes.errors import CodeSeasonOver
from wechat.codes.rules import CodeState, Life, TargetKind

AppId = Annotated[Text, StringConstraints(min_length=1, max_length=32)]
MiniPage = Annotated[Text, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_/.-]*$", max_length=128)]
Moment = Annotated[AwareDatetime, Field(ge=datetime(2011, 1, 1, tzinfo=UTC), le=datetime(2199, 12, 31, tzinfo=UTC))]


class TargetIn(Input):
    """Exactly one of the three."""

    guide_id: UUID | None = None
    store_id: UUID | None = None
    channel_id: UUID | None = None

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if sum(target is not None for target in (self.guide_id, self.store_id, self.channel_id)) != 1:
            raise Unfit("导购、门店、渠道须恰好选一个", "give exactly one of guide_id, store_id and channel_id")
        return self

    def target(self) -> tuple[TargetKind, UUID]:
        """Which kind, and which."""
        targets = {kind: getattr(self, f"{kind}_id") for kind in TargetKind}
        return next((kind, target_id) for kind, target_id in targets.items() if target_id is not None)


class SeasonIn(Input):
    """A code for a season counts from `starts_at` on and before `ends_at`; null leaves that side open."""

    starts_at: Moment | None = None
    ends_at: Moment | None = None

    def season(self) -> dict[str, datetime | None]:
        """Both ends, for a code that is still to be made. Raises CodeSeasonOver."""
        if self.ends_at is not None and self.ends_at <= clock.now():
            raise CodeSeasonOver({"reason": "over"})
        return {"starts_at": self.starts_at, "ends_at": self.ends_at}


class CodeIn(TargetIn, SeasonIn):
    """`page` opens in a mini-program (no leading slash); its codes are always permanent."""

    app_id: AppId
    name: Name
    life: Life = Life.PERMANENT
    page: MiniPage | None = None


class CodeChange(SeasonIn):
    """What is left out stays as it is; null takes it away."""

    name: Name | None = None


class CodeBatchIn(SeasonIn):
    """One code for every open store, guide at work, or channel."""

    app_id: AppId
    kind: TargetKind
    name: Name
    life: Life = Life.PERMANENT
    page: MiniPage | None = None


class CodeBatchMade(Output):
    id: UUID
    count: int


class CodeBatchOut(Output):
    """How far the platform has come with a batch."""

    id: UUID
    name: str | None
    count: int
    issued: int
    pending: int
    failed: int


class CodeOut(Output):
    """`url` is what the QR holds; `png` and `poster` are paths of ours.

    `standing`: the one every guide, store and channel has. `expires_at`: when the present ticket of a temporary code
    ends; it is renewed before.
    """

    id: UUID
    app_id: str
    account: str
    account_kind: Kind
    kind: TargetKind
    target_id: UUID
    target: str
    name: str | None
    life: Life
    standing: bool
    batch_id: UUID | None
    page: str | None
    starts_at: datetime | None
    ends_at: datetime | None
    stopped_at: datetime | None
    expires_at: datetime | None
    created_at: datetime
    state: CodeState
    url: str | None
    ticket: str | None
    png: str
    poster: str


class CodeNumbersOut(Output):
    """What colleagues did is left out. `first` and `last` are business days, both included.

    `scans` by followers, first-touch `follows`, `losses` (those of them who follow no more), `re_follows` of others.
    """

    scans: int
    follows: int
    re_follows: int
    losses: int
    first: date | None
    last: date | None


class CodeRankOut(Output):
    """One line of the ranking of codes."""

    id: UUID
    app_id: str
    kind: TargetKind
    target_id: UUID
    target: str
    name: str | None
    scans: int
    follows: int
    re_follows: int
    losses: int


class StoreCodeOut(Output):
    app_id: str
    code_id: UUID


class ChannelStoreOut(Output):
    """An open store in the omnichannel view, with its standing codes."""

    id: UUID
    name: str
    address: str
    hours: str
    phone: str
    picture_url: str | None
    codes: list[StoreCodeOut]
