"""What administrators send and see about accounts; secrets go in and never come out."""

import re
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Secret, StringConstraints

from infra.problems import Unfit
from infra.schemas import Input, Name, Output, Text
from infra.settings import Environment, settings
from wechat.accounts.rules import Kind, Mode, check_forward_url

_VISIBLE = re.compile(r"https?://[!-~]+")


def _forwardable(url: str) -> str:
    unfit = Unfit(
        "转发地址须以 https:// 开头，且不能是本系统的推送地址", "must be an https address, and not our own push address"
    )
    if not _VISIBLE.fullmatch(url):
        raise unfit
    plain_allowed = settings().environment is not Environment.PRODUCTION
    try:
        check_forward_url(url, public_url=settings().public_url, plain_allowed=plain_allowed)
    except ValueError as error:
        raise unfit from error
    return url


def _forwardable_or_none(url: str) -> str:
    return _forwardable(url) if url else url


AppId = Annotated[Text, StringConstraints(pattern=r"^[A-Za-z0-9_-]{4,32}$")]
AppSecret = Secret[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{8,64}$")]]
Token = Secret[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{3,32}$")]]
AesKey = Secret[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{43}$")]]
ForwardUrl = Annotated[Text, StringConstraints(max_length=300), AfterValidator(_forwardable)]
ForwardUrlOrNone = Annotated[Text, StringConstraints(max_length=300), AfterValidator(_forwardable_or_none)]


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
    forward_url: ForwardUrlOrNone | None = None


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
