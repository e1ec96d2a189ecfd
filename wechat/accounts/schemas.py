"""What administrators send and see about accounts; secrets go in and never come out."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Secret, StringConstraints

from infra.schemas import Input, Name, Output, Text
from wechat.accounts.rules import Kind, Mode

AppId = Annotated[Text, StringConstraints(pattern=r"^[A-Za-z0-9_-]{4,32}$")]


class AccountIn(Input):
    """`token` and `aes_key` as entered on the platform's page (服务器配置); `aes_key` has 43 characters."""

    app_id: AppId
    original_id: AppId
    kind: Kind = Kind.OFFICIAL
    mode: Mode = Mode.SAFE
    name: Name
    secret: Secret[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{8,64}$")]]
    token: Secret[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{3,32}$")]]
    aes_key: Secret[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{43}$")]]


class AccountOut(Output):
    id: UUID
    app_id: str
    original_id: str
    kind: Kind
    mode: Mode
    name: str
    created_at: datetime
