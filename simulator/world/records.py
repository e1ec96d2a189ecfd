"""What the platform remembers; each record is stored as one JSON document under its key."""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, JsonValue, field_validator, model_validator

from simulator.world.crypto import decode_key
from simulator.world.limits import Limits

Mode = Literal["plain", "compatible", "safe"]
PushFormat = Literal["xml", "json"]
# What WeChat runs on.
Client = Literal["ios", "android", "others"]
Outcome = Literal["pending", "replied", "accepted", "discarded", "malformed", "silent", "dropped"]
# What sent a bubble that answers no push; `pushed` is a conversation's own.
Channel = Literal["pushed", "custom", "template", "subscribe", "mass", "preview"]
Fields = dict[str, JsonValue]


class Record(BaseModel):
    """The base of what is stored: a kind of its own, which the state knows as soon as its module is imported."""

    kinds: ClassVar[dict[str, type["Record"]]] = {}

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        cls.kinds[cls.kind_name()] = cls

    @classmethod
    def kind_name(cls) -> str:
        """Return the name the store keeps these records under."""
        return cls.__name__.lower()

    def key(self) -> str:
        """Return what tells one record of the kind from the others."""
        raise NotImplementedError


class Keys(BaseModel):
    """What pushes are signed and encrypted with."""

    model_config = ConfigDict(frozen=True)

    token: str
    aes_key: str


class Account(Record):
    """A 公众号 or 小程序 with its push settings; the input of the upsert is the record itself."""

    model_config = ConfigDict(extra="forbid")

    app_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    secret: Annotated[str, Field(min_length=1, max_length=128)]
    original_id: Annotated[str, Field(pattern=r"^gh_[A-Za-z0-9_-]{1,61}$")]
    token: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{3,32}$")]
    aes_key: str
    former_token: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{3,32}$")] | None = None
    former_aes_key: str | None = None
    push_keys: Literal["current", "former"] = "current"
    mode: Mode
    push_format: PushFormat = "xml"
    wrong_change_tag: bool = False
    account_type: Literal["service", "subscription"] = "service"
    send_protection: bool = False
    mass_status: Annotated[str, Field(pattern=r"^(send success|send fail|err\(\d{5}\))$")] = "send success"
    push_url: HttpUrl
    name: Annotated[str, Field(min_length=1, max_length=64)]
    kind: Literal["official", "mini"]
    open_platform: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    verified: bool = True
    ip_allowed: bool = True
    ip_awaits_approval: bool = False
    secret_frozen: bool = False
    # The official text names the former; SDKs and people have seen the latter.
    wrong_secret_errcode: Literal[40001, 40125] = 40001
    token_characters: Annotated[int, Field(ge=64, le=512)] = 137
    oauth_domains: list[str] = []
    pages: list[str] = []
    new_menu_clears_personal: bool = False
    risky_words: list[str] = []
    review_words: list[str] = []
    limits: Limits = Limits()

    @field_validator("aes_key", "former_aes_key")
    @classmethod
    def _is_a_key(cls, value: str | None) -> str | None:
        if value is not None:
            decode_key(value)
        return value

    @property
    def keys(self) -> Keys:
        """What pushes are signed and encrypted with now: for a while after a change still the former ones."""
        if self.push_keys == "current":
            return Keys(token=self.token, aes_key=self.aes_key)
        return Keys(token=self.former_token or self.token, aes_key=self.former_aes_key or self.aes_key)

    def key(self) -> str:
        return self.app_id


class Person(Record):
    """Somebody with a phone, known to no account before the first follow; a risky one is kept from logging in."""

    fan_id: str
    name: str
    phone: str = ""
    risky: bool = False
    client: Client = "ios"

    def key(self) -> str:
        return self.fan_id


class Code(Record):
    """A parametric QR code; `numeric` tells scene_id from scene_str, no `expires_at` means permanent."""

    ticket: str
    url: str
    app_id: str
    scene: str
    numeric: bool
    expires_at: float | None

    def key(self) -> str:
        return self.ticket


class Follow(Record):
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
    remark: str = ""
    tags: list[int] = []
    blacklisted: bool = False

    def key(self) -> str:
        return f"{self.app_id}|{self.fan_id}"


class Visit(Record):
    """When a person last used the mini-program, or let the web page know who it is."""

    app_id: str
    fan_id: str
    openid: str
    at: float

    def key(self) -> str:
        return f"{self.app_id}|{self.openid}"


class Token(Record):
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
    keys: Keys | None = None


class Attempt(BaseModel):
    """One delivery: platform time, HTTP status if any, what went wrong if anything, the clear answer."""

    at: float
    status: int | None
    latency_ms: float
    error: str | None
    answer: dict[str, str] | None
    body_sha256: str | None
    resent: bool = False
    fault: str | None = None

    @model_validator(mode="after")
    def _failed_or_answered(self) -> Self:
        if self.status is None and self.error is None:
            raise ValueError("an attempt without a status has an error")
        return self


class Push(Record):
    """A message for the account's push URL; `fields` is its clear content, the same in every delivery."""

    number: int
    push_id: str
    app_id: str
    fan_id: str
    openid: str
    kind: str
    fields: Fields
    attempts: list[Attempt] = []
    first_request: SignedRequest | None = None
    outcome: Outcome = "pending"
    reply: str | None = None

    def key(self) -> str:
        return self.push_id


class Bubble(Record):
    """One line of the chat on a person's phone: a summary as text, and all there is to draw as content."""

    number: int
    app_id: str
    fan_id: str
    at: float
    sender: Literal["me", "account", "system"]
    kind: str
    text: str
    content: Fields = {}
    channel: Channel = "pushed"
    push_id: str = ""

    def key(self) -> str:
        return str(self.number)


class Counter(Record):
    """How often something happened for an account in a window of the platform; `forgiven` counts no more."""

    app_id: str
    name: str
    window: str
    count: int = 0
    forgiven: int = 0

    def key(self) -> str:
        return f"{self.app_id}|{self.name}|{self.window}"
