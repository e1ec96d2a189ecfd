"""What the platform remembers; each record is stored as one JSON document under its key."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, field_validator, model_validator

from simulator.crypto import decode_key
from simulator.limits import Limits

Mode = Literal["plain", "compatible", "safe"]
PushKind = Literal["subscribe", "SCAN", "unsubscribe", "text"]
Outcome = Literal["pending", "replied", "accepted", "discarded", "malformed", "silent"]


class Account(BaseModel):
    """A 公众号 or 小程序 with its push settings; the input of the upsert is the record itself."""

    model_config = ConfigDict(extra="forbid")

    app_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    secret: Annotated[str, Field(min_length=1, max_length=128)]
    original_id: Annotated[str, Field(pattern=r"^gh_[A-Za-z0-9_-]{1,61}$")]
    token: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{3,32}$")]
    aes_key: str
    mode: Mode
    push_url: HttpUrl
    name: Annotated[str, Field(min_length=1, max_length=64)]
    kind: Literal["official", "mini"]
    open_platform: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    limits: Limits = Limits()

    @field_validator("aes_key")
    @classmethod
    def _is_a_key(cls, value: str) -> str:
        decode_key(value)
        return value

    def key(self) -> str:
        return self.app_id


class Person(BaseModel):
    """Somebody with a phone, known to no account before the first follow."""

    fan_id: str
    name: str

    def key(self) -> str:
        return self.fan_id


class Code(BaseModel):
    """A parametric QR code; `numeric` tells scene_id from scene_str, no `expires_at` means permanent."""

    ticket: str
    url: str
    app_id: str
    scene: str
    numeric: bool
    expires_at: float | None

    def key(self) -> str:
        return self.ticket


class Follow(BaseModel):
    """What an account knows of a person who followed it at least once."""

    app_id: str
    fan_id: str
    openid: str
    following: bool = False
    subscribe_time: int = 0
    subscribe_scene: str = ""
    qr_scene: int = 0
    qr_scene_str: str = ""
    welcomed: bool = False

    def key(self) -> str:
        return f"{self.app_id}|{self.fan_id}"


class Token(BaseModel):
    """An access token; `retired_at` is when it stops because a newer one took its place."""

    value: str
    app_id: str
    line: Literal["plain", "stable"]
    issued_at: float
    expires_at: float
    forced: bool = False
    retired_at: float | None = None

    def key(self) -> str:
        return self.value


class SignedRequest(BaseModel):
    """One signed push request: the query that is added to the push URL, and the body."""

    model_config = ConfigDict(frozen=True)

    query: dict[str, str]
    body: str


class Attempt(BaseModel):
    """One delivery: platform time, HTTP status if any, what went wrong if anything, the clear answer."""

    at: float
    status: int | None
    latency_ms: float
    error: str | None
    answer: dict[str, str] | None
    body_sha256: str | None
    resent: bool = False

    @model_validator(mode="after")
    def _failed_or_answered(self) -> Self:
        if self.status is None and self.error is None:
            raise ValueError("an attempt without a status has an error")
        return self


class Push(BaseModel):
    """A message for the account's push URL; `fields` is its clear content, the same in every delivery."""

    number: int
    push_id: str
    app_id: str
    fan_id: str
    openid: str
    kind: PushKind
    fields: dict[str, str | int]
    attempts: list[Attempt] = []
    first_request: SignedRequest | None = None
    outcome: Outcome = "pending"
    reply: str | None = None

    def key(self) -> str:
        return self.push_id


class Bubble(BaseModel):
    """One line of the chat on a person's phone."""

    number: int
    app_id: str
    fan_id: str
    at: float
    sender: Literal["me", "account", "system"]
    kind: str
    text: str
    push_id: str

    def key(self) -> str:
        return str(self.number)


class Counter(BaseModel):
    """How often something happened for an account in a window (a day or a minute of the platform)."""

    app_id: str
    name: str
    window: str
    count: int = 0

    def key(self) -> str:
        return f"{self.app_id}|{self.name}|{self.window}"


Record = Account | Person | Code | Follow | Token | Push | Bubble | Counter
RECORD_TYPES: dict[str, type[Record]] = {
    "account": Account,
    "person": Person,
    "code": Code,
    "follow": Follow,
    "token": Token,
    "push": Push,
    "bubble": Bubble,
    "counter": Counter,
}
