"""Stores."""

from typing import ClassVar
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model

from infra.geo import Datum, Position


class Store(Model):
    """`channel` is the sales channel its fans count for, also after it closed. `picture_url` leads to its picture.

    Degrees are WGS-84; `datum` is the one the position came in. `department` decides who sees the store.
    """

    id = fields.UUIDField(primary_key=True)
    name = fields.CharField(max_length=50)
    address = fields.CharField(max_length=200)
    hours = fields.CharField(max_length=100, db_default="")
    phone = fields.CharField(max_length=30, db_default="")
    picture_url = fields.CharField(max_length=300, null=True)
    channel: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "models.Channel", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    department: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "models.Department", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    department_id: UUID | None
    latitude: float | None = fields.FloatField(null=True)
    longitude: float | None = fields.FloatField(null=True)
    datum = fields.CharField(max_length=5, null=True)
    created_at = fields.DatetimeField()
    closed_at = fields.DatetimeField(null=True)

    @property
    def position(self) -> Position | None:
        """Where it is, if that is known."""
        if self.latitude is None or self.longitude is None or self.datum is None:
            return None
        return Position(self.latitude, self.longitude, Datum(self.datum))

    class Meta:
        table = "store"
        constraints: ClassVar = (UniqueConstraint(fields=("name",), name="store_name_key"),)
        indexes: ClassVar = (Index(fields=("department_id", "id"), name="store_department"),)
