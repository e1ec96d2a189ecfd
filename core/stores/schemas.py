"""What managers send and see about stores."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints

from core.organisation.imports.schemas import RowProblem
from infra.geo import Datum, Position
from infra.schemas import Input, Name, Output, Text

Address = Annotated[Text, StringConstraints(max_length=200)]
Hours = Annotated[Text, StringConstraints(max_length=100)]
Phone = Annotated[Text, StringConstraints(pattern=r"^(\+?[0-9][0-9 -]{2,28})?$")]
PictureUrl = Annotated[
    Text, StringConstraints(pattern=r"^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[!-~]*)?$", max_length=300)
]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]


class PositionIn(Input):
    """Degrees in the datum named: what a receiver gives is WGS-84, what a Chinese map gives is GCJ-02."""

    latitude: Latitude
    longitude: Longitude
    datum: Datum

    def position(self) -> Position:
        return Position.given(self.latitude, self.longitude, self.datum)


class _WithPosition(Input):
    position: PositionIn | None = None

    def values(self, *, exclude_unset: bool = False) -> dict[str, Any]:
        """The fields as the service wants them."""
        values = self.model_dump(exclude_unset=exclude_unset)
        return values | {"position": self.position.position()} if self.position else values


class StoreIn(_WithPosition):
    """`hours` are words ("10:00–22:00"), `phone` digits with spaces and hyphens, `picture_url` an https link.

    `department_id` decides who sees the store; who doesn't see everything puts it into the own one when it is left out.
    """

    name: Name
    address: Address = ""
    hours: Hours = ""
    phone: Phone = ""
    picture_url: PictureUrl | None = None
    channel_id: UUID | None = None
    department_id: UUID | None = None


class StoreChange(_WithPosition):
    """What is left out stays as it is; null takes picture, channel, department and position away."""

    name: Name = ""
    address: Address = ""
    hours: Hours = ""
    phone: Phone = ""
    picture_url: PictureUrl | None = None
    channel_id: UUID | None = None
    department_id: UUID | None = None


class PositionOut(Output):
    """Degrees in the datum they came in, and the same place in WGS-84."""

    latitude: float
    longitude: float
    datum: Datum
    wgs84_latitude: float
    wgs84_longitude: float


class StoreOut(Output):
    id: UUID
    name: str
    address: str
    hours: str
    phone: str
    picture_url: str | None
    channel_id: UUID | None
    department_id: UUID | None
    position: PositionOut | None
    created_at: datetime
    closed_at: datetime | None


class StoreImportOut(Output):
    """What was added, or with `dry_run` would be; nothing when there are problems."""

    dry_run: bool
    rows: int
    added: int
    problems: list[RowProblem]
