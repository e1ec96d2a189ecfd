"""Bodies about accounts, people, their phones and numbers."""

from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, Field

from simulator.world.records import Account, Bubble, Channel, Client, Fields, Mode, Person
from simulator.world.schemas import Input


class FansIn(Input):
    name: Annotated[str, Field(min_length=1, max_length=64)]
    count: Annotated[int, Field(ge=1, le=100_000)] | None = None


class TraitsIn(Input):
    phone: Annotated[str, Field(pattern=r"^1[0-9]{10}$")] = ""
    risky: bool = False
    client: Client = "ios"


class HealthOut(BaseModel):
    status: Literal["ok"] = "ok"


class AccountOut(BaseModel):
    """An account without its secret, token and key."""

    app_id: str
    original_id: str
    mode: Mode
    push_url: str
    name: str
    kind: Literal["official", "mini"]
    open_platform: str | None

    @classmethod
    def of(cls, account: Account) -> Self:
        return cls(
            app_id=account.app_id,
            original_id=account.original_id,
            mode=account.mode,
            push_url=str(account.push_url),
            name=account.name,
            kind=account.kind,
            open_platform=account.open_platform,
        )


class AccountsOut(BaseModel):
    accounts: list[AccountOut]


class VerifyOut(BaseModel):
    ok: bool
    reason: str | None


class FansOut(BaseModel):
    fans: list[Person]
    next_cursor: str | None = None


class BubbleOut(BaseModel):
    at: AwareDatetime
    sender: Annotated[Literal["me", "account", "system"], Field(serialization_alias="from")]
    kind: str
    text: str
    content: Fields
    channel: Channel
    push_id: str

    @classmethod
    def of(cls, bubble: Bubble) -> Self:
        return cls(
            at=datetime.fromtimestamp(bubble.at, UTC),
            sender=bubble.sender,
            kind=bubble.kind,
            text=bubble.text,
            content=bubble.content,
            channel=bubble.channel,
            push_id=bubble.push_id,
        )


class FollowersOut(BaseModel):
    count: int
    openids: list[str]


class WelcomesOut(BaseModel):
    """How many people ever saw the account answer their follow."""

    fans_with_reply: int


class MessagesOut(BaseModel):
    """Messages that phones show, by the channel they came through; a mass message counts once for each phone."""

    custom: int = 0
    template: int = 0
    subscribe: int = 0
    mass: int = 0


class StatsOut(BaseModel):
    """Calls and those met by a fault by endpoint, error answers by errcode, the pushes with their deliveries.

    `sends_to` counts messages by person, `refused_outside_window` those that came too late or were too many.
    """

    token_fetches: int
    ticket_fetches: int
    calls: dict[str, int]
    errors: dict[str, int]
    faulted: dict[str, int]
    pushes: int
    attempts: int
    failed: int
    resends: int
    messages: MessagesOut
    refused_outside_window: int
    sends_to: dict[str, int]
    marketing_templates: int
