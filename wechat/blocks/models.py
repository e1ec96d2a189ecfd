"""Who is on the blacklist."""

from typing import ClassVar

from tortoise import fields
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model

from wechat.accounts.models import Account


class Block(Model):
    """A fan is blacklisted (`wanted`) or shall be let go; `synced` is false while the platform has still to hear.

    A synced one with an `error` was refused there and is kept here.
    """

    id = fields.UUIDField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "models.Account", related_name=False, on_delete=fields.RESTRICT
    )
    identity: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "models.Identity", related_name=False, on_delete=fields.RESTRICT
    )
    wanted = fields.BooleanField()
    synced = fields.BooleanField()
    attempts = fields.SmallIntField()
    next_at = fields.DatetimeField()
    error = fields.CharField(max_length=200, null=True)
    changed_by = fields.CharField(max_length=100)
    changed_at = fields.DatetimeField()

    class Meta:
        table = "wechat_block"
        constraints: ClassVar = (UniqueConstraint(fields=("identity_id",), name="wechat_block_identity_id_key"),)
