"""Roles."""

from typing import ClassVar

from tortoise import fields
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model

from core.permissions.rules import Layout, Scope


class Role(Model):
    """Operation points, a data scope and special rights under a name.

    One with a `key` is ready-made: its operation points and special rights follow from the code (`rules.READY_MADE`),
    so that it grows with the product, and nobody edits it. `layout` is how its holders see a customer.
    """

    id = fields.UUIDField(primary_key=True)
    key = fields.CharField(max_length=20, null=True)
    name = fields.CharField(max_length=50)
    points: fields.Field[list[str]] = fields.JSONField()
    scope = fields.CharEnumField(Scope, max_length=20)
    special_rights: fields.Field[list[str]] = fields.JSONField()
    layout = fields.CharEnumField(Layout, max_length=10, null=True)
    version = fields.IntField()
    created_at = fields.DatetimeField()
    deleted_at = fields.DatetimeField(null=True)

    class Meta:
        table = "role"
        constraints: ClassVar = (UniqueConstraint(fields=("key",), name="role_key_key"),)
