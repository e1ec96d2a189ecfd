"""Views people save. The index itself is written by a set function only and exists by migration."""

from typing import ClassVar

from tortoise import fields
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model


class SavedView(Model):
    """A search somebody keeps; `shared` shows it to everyone (each sees the customers in the own reach)."""

    id = fields.UUIDField(primary_key=True)
    staff: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "models.Staff", related_name=False, on_delete=fields.RESTRICT
    )
    name = fields.CharField(max_length=30)
    filters: fields.Field[object] = fields.JSONField()
    columns: fields.Field[object] = fields.JSONField()
    shared = fields.BooleanField()
    position = fields.IntField()
    version = fields.IntField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "saved_view"
        constraints: ClassVar = (UniqueConstraint(fields=("staff_id", "name"), name="saved_view_name_key"),)
