"""What managers send and see about stores."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import StringConstraints

from infra.schemas import Input, Name, Output, Text


class StoreIn(Input):
    name: Name
    address: Annotated[Text, StringConstraints(max_length=200)] = ""
    channel_id: UUID | None = None


class StoreOut(Output):
    id: UUID
    name: str
    address: str
    channel_id: UUID | None
    created_at: datetime
    closed_at: datetime | None
