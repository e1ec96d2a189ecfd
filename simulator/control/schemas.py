"""Bodies of the control side."""

import re
from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, model_validator

from simulator.world.records import Account, Attempt, Bubble, Channel, Fields, Mode, Outcome, Person, Push

# XML 1.0 has no way to write these, so no phone could send them.
NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def writable(text: str) -> str:
    """Return a text that XML can carry; ValueError for another."""
    if NOT_IN_XML.search(text):
        raise ValueError("the text holds characters that XML cannot carry")
    return text


Text = Annotated[str, Field(min_length=1, max_length=2_048), AfterValidator(writable)]


def _as_texts(value: JsonValue) -> JsonValue:
    match value:
        case dict():
            return {name: _as_texts(each) for name, each in value.items()}
        case list():
            return [_as_texts(each) for each in value]
        case _:
            return str(value)


class Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FansIn(Input):
    name: Annotated[str, Field(min_length=1, max_length=64)]
    count: Annotated[int, Field(ge=1, le=100_000)] | None = None


class TraitsIn(Input):
    phone: Annotated[str, Field(pattern=r"^1[0-9]{10}$")] = ""
    risky: bool = False


class ActionIn(Input):
    app_id: str
    wait: bool = True


class ScanIn(ActionIn):
    """Exactly one of ticket, scene and url names the code."""

    ticket: str | None = None
    scene: str | None = None
    url: str | None = None

    @model_validator(mode="after")
    def _one_name(self) -> Self:
        if [self.ticket, self.scene, self.url].count(None) != len(("ticket", "scene", "url")) - 1:
            raise ValueError("give exactly one of ticket, scene and url")
        return self


class ResendIn(Input):
    """Signed now, or with a timestamp moved by seconds, or the byte-identical first request."""

    times: Annotated[int, Field(ge=1, le=1_000)] = 1
    parallel: bool = False
    resign_offset_seconds: Annotated[int, Field(ge=-(10**9), le=10**9)] | None = None
    as_first_signed: bool = False

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.as_first_signed and self.resign_offset_seconds is not None:
            raise ValueError("as_first_signed and resign_offset_seconds exclude each other")
        return self


class ErrorDetail(BaseModel):
    code: str
    message: str


class ErrorOut(BaseModel):
    error: ErrorDetail


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


class ActionOut(BaseModel):
    """`attempts` counts deliveries; `reply` is the clear text that came back, if one was shown."""

    push_id: str
    openid: str
    attempts: int
    outcome: Outcome
    reply: str | None

    @classmethod
    def of(cls, push: Push) -> Self:
        return cls(
            push_id=push.push_id,
            openid=push.openid,
            attempts=len(push.attempts),
            outcome=push.outcome,
            reply=push.reply,
        )


class AttemptOut(BaseModel):
    at: AwareDatetime
    status: int | None
    latency_ms: float
    error: str | None
    answer: dict[str, str] | None
    body_sha256: str | None
    resent: bool
    fault: str | None

    @classmethod
    def of(cls, attempt: Attempt) -> Self:
        return cls(**attempt.model_dump(exclude={"at"}), at=datetime.fromtimestamp(attempt.at, UTC))


class ResendOut(BaseModel):
    push_id: str
    deliveries: list[AttemptOut]


class PushOut(BaseModel):
    push_id: str
    app_id: str
    fan_id: str
    openid: str
    kind: str
    fields: Fields
    outcome: Outcome
    reply: str | None
    attempts: list[AttemptOut]

    @classmethod
    def of(cls, push: Push) -> Self:
        return cls(
            **push.model_dump(include=set(cls.model_fields) - {"attempts", "fields"}),
            # As texts: a MsgId is beyond the integers that a page can hold.
            fields={name: _as_texts(value) for name, value in push.fields.items()},
            attempts=[AttemptOut.of(attempt) for attempt in push.attempts],
        )


class PushesOut(BaseModel):
    pushes: list[PushOut]
    next_cursor: str | None


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


class WindowOut(BaseModel):
    """How many customer-service messages an account may send a person now, and until when the last of them."""

    remaining: int
    until: AwareDatetime | None


class GrantsOut(BaseModel):
    """Subscription notices that a person still takes, by template."""

    grants: dict[str, int]


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
