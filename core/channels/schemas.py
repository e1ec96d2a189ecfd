"""What managers send and see about channels."""

from datetime import datetime
from uuid import UUID

from infra.schemas import Input, Name, Output


class ChannelIn(Input):
    name: Name


class ChannelOut(Output):
    id: UUID
    name: str
    created_at: datetime
