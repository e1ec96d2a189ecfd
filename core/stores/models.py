"""Stores."""

from typing import ClassVar

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model


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
    latitude = fields.FloatField(null=True)
    longitude = fields.FloatField(null=True)
    datum = fields.CharField(max_length=5, null=True)
    created_at = fields.DatetimeField()
    closed_at = fields.DatetimeField(null=True)

    class Meta:
        table = "store"
        constraints: ClassVar = (UniqueConstraint(fields=("name",), name="store_name_key"),)
        indexes: ClassVar = (Index(fields=("department_id", "id"), name="store_department"),)
