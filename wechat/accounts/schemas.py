"""What administrators send and see about accounts; secrets go in and never come out."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Secret, StringConstraints

from infra.schemas import Input, Name, Output, Text
from infra.settings import Environment, settings
from wechat.accounts.rules import Kind, Mode, check_forward_url


def _forwardable(url: str) -> str:
    plain_allowed = settings().environment is not Environment.PRODUCTION
    check_forward_url(url, public_url=settings().public_url, plain_allowed=plain_allowed)
    return url


AppId = Annotated[Text, StringConstraints(pattern=r"^[A-Za-z0-9_-]{4,32}$")]
AppSecret = Secret[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{8,64}$")]]
Token = Secret[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{3,32}$")]]
AesKey = Secret[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{43}$")]]
ForwardUrl = Annotated[
    Text, StringConstraints(max_length=300, pattern=r"^https?://[!-~]+$"), AfterValidator(_forwardable)
]


class AccountIn(Input):
    """`token` and `aes_key` as entered on the platform's page (服务器配置); `aes_key` has 43 characters.

    A `shadow` account receives everything and sends nothing; `forward_url` gets every push too.
    """

    app_id: AppId
    original_id: AppId
    kind: Kind = Kind.OFFICIAL
    mode: Mode = Mode.SAFE
    name: Name
    secret: AppSecret
    token: Token
    aes_key: AesKey
    shadow: bool = False
    forward_url: ForwardUrl | None = None


class AccountChange(Input):
    """What is left out (or null) stays as it is. `token` and `aes_key` belong into one change, as on the platform.

    An empty `forward_url` ends the forwarding.
    """

    name: Name | None = None
    mode: Mode | None = None
    secret: AppSecret | None = None
    token: Token | None = None
    aes_key: AesKey | None = None
    shadow: bool | None = None
    disabled: bool | None = None
    forward_url: ForwardUrl | Literal[""] | None = None


class AccountOut(Output):
    id: UUID
    app_id: str
    original_id: str
    kind: Kind
    mode: Mode
    name: str
    shadow: bool
    forward_url: str | None
    imported_at: datetime | None
    disabled_at: datetime | None
    created_at: datetime
