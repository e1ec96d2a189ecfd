"""What staff send and see about themselves."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import StringConstraints

from core.permissions.rules import Scope
from infra.schemas import Input, Name, Output, Text

Username = Annotated[str, StringConstraints(min_length=2, max_length=50, pattern=r"^[a-z0-9][a-z0-9._-]*$")]
Password = Annotated[Text, StringConstraints(min_length=8, max_length=128)]


class LoginIn(Input):
    username: Annotated[Text, StringConstraints(max_length=50)]
    password: Annotated[Text, StringConstraints(max_length=128)]


class StaffOut(Output):
    """`role` is the key of a ready-made role, or `custom`; `scope` says whose data the person sees."""

    id: UUID
    name: str
    username: str
    role: str
    role_id: UUID
    role_name: str
    scope: Scope
    department_id: UUID
    post_id: UUID
    store_id: UUID | None
    is_guide: bool
    disabled_at: datetime | None
    left_at: datetime | None


class SessionOut(Output):
    """`token` goes into `Authorization: Bearer …` until `expires_at`."""

    token: str
    expires_at: datetime
    staff: StaffOut


class StaffIn(Input):
    """First the department, then the post in it, then the person (AT-70). A guide gets a code, and needs a store."""

    name: Name
    username: Username
    password: Password
    role_id: UUID
    department_id: UUID
    post_id: UUID
    store_id: UUID | None = None
    is_guide: bool = False


class WechatBindingIn(Input):
    app_id: Annotated[Text, StringConstraints(min_length=1, max_length=32)]
    openid: Annotated[Text, StringConstraints(min_length=1, max_length=64)]
