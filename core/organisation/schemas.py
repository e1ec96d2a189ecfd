"""What staff send and see about themselves."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import StringConstraints

from core.permissions.rules import Role
from infra.schemas import Input, Name, Output, Text

Username = Annotated[str, StringConstraints(min_length=2, max_length=50, pattern=r"^[a-z0-9][a-z0-9._-]*$")]
Password = Annotated[Text, StringConstraints(min_length=8, max_length=128)]


class LoginIn(Input):
    username: Annotated[Text, StringConstraints(max_length=50)]
    password: Annotated[Text, StringConstraints(max_length=128)]


class StaffOut(Output):
    id: UUID
    name: str
    username: str
    role: Role
    store_id: UUID | None
    left_at: datetime | None


class SessionOut(Output):
    """`token` goes into `Authorization: Bearer …` until `expires_at`."""

    token: str
    expires_at: datetime
    staff: StaffOut


class StaffIn(Input):
    """Guides are added with their store, at /staff/v1/guides."""

    name: Name
    username: Username
    password: Password
    role: Literal[Role.MANAGER, Role.ADMIN]


class WechatBindingIn(Input):
    app_id: Annotated[Text, StringConstraints(min_length=1, max_length=32)]
    openid: Annotated[Text, StringConstraints(min_length=1, max_length=64)]
