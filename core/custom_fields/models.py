"""Fields an administrator adds, and the values no two records may share."""

from typing import ClassVar

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model

from core.custom_fields.rules import FieldKind, Subject


class CustomField(Model):
    """`options` are the choices of an option field, `position` orders the form; a deleted one keeps its values.

    Values lie with their record, in its column `custom`, by field id.
    """

    id = fields.UUIDField(primary_key=True)
    subject = fields.CharEnumField(Subject, max_length=20)
    kind = fields.CharEnumField(FieldKind, max_length=20)
    name = fields.CharField(max_length=50)
    help = fields.CharField(max_length=200, null=True)
    max_length = fields.IntField(null=True)
    options: fields.Field[object] = fields.JSONField()
    required = fields.BooleanField()
    unique = fields.BooleanField()
    searchable = fields.BooleanField()
    listed = fields.BooleanField()
    position = fields.IntField()
    version = fields.IntField()
    created_at = fields.DatetimeField()
    deleted_at = fields.DatetimeField(null=True)

    class Meta:
        table = "custom_field"
        indexes: ClassVar = (Index(fields=("subject", "position"), name="custom_field_subject"),)


class UniqueValue(Model):
    """A value of a unique field, normalised, and the record that holds it."""

    id = fields.BigIntField(primary_key=True)
    field: fields.ForeignKeyRelation[CustomField] = fields.ForeignKeyField(
        "models.CustomField", related_name=False, on_delete=fields.RESTRICT
    )
    value = fields.CharField(max_length=500)
    record_id = fields.UUIDField()

    class Meta:
        table = "custom_unique_value"
        constraints: ClassVar = (
            UniqueConstraint(fields=("field_id", "value"), name="custom_unique_value_key"),
            UniqueConstraint(fields=("record_id", "field_id"), name="custom_unique_value_record_key"),
        )
