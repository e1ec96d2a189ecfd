"""What managers send and see about guides."""

from datetime import datetime
from uuid import UUID

from core.organisation.schemas import Password, Username
from infra.schemas import Input, Name, Output


class GuideIn(Input):
    name: Name
    username: Username
    password: Password
    store_id: UUID
    department_id: UUID
    post_id: UUID


class GuideOut(Output):
    id: UUID
    name: str
    username: str
    store_id: UUID
    created_at: datetime
    left_at: datetime | None
