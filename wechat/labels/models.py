"""Labels and who carries them."""

from typing import ClassVar

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model

from wechat.accounts.models import Account
from wechat.labels.rules import LabelKind


class Label(Model):
    """A tag or group of one account. `platform_id` is its number there, once the platform knows it.

    `synced` is false while the platform has still to hear of a new name or of the deletion (`deleted_at`); `next_at` of
    a synced one is when the platform last heard of it. Who carries it is read from `read_next_at` on (null: at once):
    the reading began at `reading_at` and goes on after the openid `cursor` (ciphertext). Nothing is asked before
    `ask_from`.
    """

    id = fields.UUIDField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "models.Account", related_name=False, on_delete=fields.RESTRICT
    )
    kind = fields.CharEnumField(LabelKind, max_length=10)
    name = fields.CharField(max_length=30)
    platform_id = fields.IntField(null=True)
    synced = fields.BooleanField()
    attempts = fields.SmallIntField()
    next_at = fields.DatetimeField()
    error = fields.CharField(max_length=200, null=True)
    read_next_at = fields.DatetimeField(null=True)
    reading_at = fields.DatetimeField(null=True)
    cursor = fields.BinaryField(null=True)
    ask_from = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()
    deleted_at = fields.DatetimeField(null=True)

    class Meta:
        table = "wechat_label"
        constraints: ClassVar = (
            UniqueConstraint(fields=("account_id", "platform_id"), name="wechat_label_account_id_platform_id_key"),
        )


class Membership(Model):
    """A fan carries a label (`wanted`) or shall lose it; `synced` is false while the platform has still to hear.

    A synced one with an `error` was refused there and is kept here. `changed_at` moves when the platform confirms it.
    """

    id = fields.BigIntField(primary_key=True)
    label: fields.ForeignKeyRelation[Label] = fields.ForeignKeyField(
        "models.Label", related_name=False, on_delete=fields.RESTRICT
    )
    identity: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "models.Identity", related_name=False, on_delete=fields.RESTRICT
    )
    kind = fields.CharEnumField(LabelKind, max_length=10)
    wanted = fields.BooleanField()
    synced = fields.BooleanField()
    attempts = fields.SmallIntField()
    next_at = fields.DatetimeField()
    error = fields.CharField(max_length=200, null=True)
    changed_at = fields.DatetimeField()

    class Meta:
        table = "wechat_label_member"
        constraints: ClassVar = (
            UniqueConstraint(fields=("label_id", "identity_id"), name="wechat_label_member_label_id_identity_id_key"),
        )
        indexes: ClassVar = (Index(fields=("identity_id",), name="wechat_label_member_identity"),)
