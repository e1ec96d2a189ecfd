"""What staff send and see about themselves."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from core.permissions.rules import Scope
from infra.schemas import Input, Output, Text

Username = Annotated[str, StringConstraints(min_length=2, max_length=50, pattern=r"^[a-z0-9][a-z0-9._-]*$")]
Version = Annotated[int, Field(ge=1, le=2_000_000_000)]
Password = Annotated[Text, StringConstraints(min_length=8, max_length=128)]


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


class WechatBindingIn(Input):
    app_id: Annotated[Text, StringConstraints(min_length=1, max_length=32)]
    openid: Annotated[Text, StringConstraints(min_length=1, max_length=64)]
