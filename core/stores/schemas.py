"""What managers send and see about stores."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import StringConstraints

from infra.schemas import Input, Name, Output, Text

Address = Annotated[Text, StringConstraints(max_length=200)]
Hours = Annotated[Text, StringConstraints(max_length=100)]
Phone = Annotated[Text, StringConstraints(pattern=r"^(\+?[0-9][0-9 -]{2,28})?$")]
PictureUrl = Annotated[
    Text, StringConstraints(pattern=r"^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[!-~]*)?$", max_length=300)
]


class StoreIn(Input):
    """`hours` are words ("10:00–22:00"), `phone` digits with spaces and hyphens, `picture_url` an https link."""

    name: Name
    address: Address = ""
    hours: Hours = ""
    phone: Phone = ""
    picture_url: PictureUrl | None = None
    channel_id: UUID | None = None


class StoreChange(Input):
    """What is left out stays as it is; null takes picture and channel away."""

    name: Name = ""
    address: Address = ""
    hours: Hours = ""
    phone: Phone = ""
    picture_url: PictureUrl | None = None
    channel_id: UUID | None = None


class StoreOut(Output):
    id: UUID
    name: str
    address: str
    hours: str
    phone: str
    picture_url: str | None
    channel_id: UUID | None
    created_at: datetime
    closed_at: datetime | None
