"""People who log in as staff."""

from typing import ClassVar
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model

from core.permissions.rules import Role


class Staff(Model):
    """`left_at` is set for good when a person leaves; the row stays, for what it did."""

    id = fields.UUIDField(primary_key=True)
    name = fields.CharField(max_length=50)
    username = fields.CharField(max_length=50)
    password_hash = fields.CharField(max_length=200)
    role = fields.CharEnumField(Role, max_length=20)
    store: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "models.Store", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    store_id: UUID | None
    created_at = fields.DatetimeField()
    left_at = fields.DatetimeField(null=True)

    class Meta:
        table = "staff"
        constraints: ClassVar = (UniqueConstraint(fields=("username",), name="staff_username_key"),)
        indexes: ClassVar = (Index(fields=("store_id",), name="staff_store"),)


class StaffWechat(Model):
    """An openid that belongs to a colleague: its bearer is never counted as a fan. Only a keyed digest is kept."""

    id = fields.UUIDField(primary_key=True)
    staff: fields.ForeignKeyRelation[Staff] = fields.ForeignKeyField(
        "models.Staff", related_name=False, on_delete=fields.RESTRICT
    )
    digest = fields.BinaryField()
    bound_at = fields.DatetimeField()

    class Meta:
        table = "staff_wechat"
        constraints: ClassVar = (UniqueConstraint(fields=("digest",), name="staff_wechat_digest_key"),)
